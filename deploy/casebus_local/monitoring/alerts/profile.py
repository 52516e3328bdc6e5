"""Alerts about the profile service and the sinks that feed databases."""

from __future__ import annotations

from typing import Final

from casebus_local.monitoring.alert import Alert

PROFILE_ALERTS: Final = (
    Alert(
        name="CasebusDatabaseAway",
        expression=(
            "sum by (job, instance) (increase(casebus_sink_database_retries_total[5m])) > 3\n"
            "or sum by (job, instance) (increase(casebus_notifier_database_retries_total[5m])) > 3"
        ),
        holds_for="1m",
        severity="critical",
        summary="{{ $labels.job }} at {{ $labels.instance }} cannot reach its database",
        description="What it reads waits, and goes on by itself when the database is back. Until then citizens get no "
        "page or no message.",
    ),
    Alert(
        name="CasebusSinkLate",
        expression="max by (topic) (casebus_sink_lag_seconds) > 120",
        holds_for="5m",
        severity="critical",
        summary="The database is {{ $value | humanizeDuration }} behind {{ $labels.topic }}",
        description="The oldest record of {{ $labels.topic }} that is not stored is that old.",
    ),
    Alert(
        name="CasebusSinkStopped",
        expression="sum by (topic) (casebus_sink_partitions_stopped) > 0",
        holds_for="1m",
        severity="critical",
        summary="{{ $value }} partitions of {{ $labels.topic }} wait for an operator",
        description="They are not stored any further; the others go on. The log says why.",
    ),
    Alert(
        name="CasebusHttpErrors",
        expression=(
            'sum(rate(casebus_profile_requests_total{status=~"5.."}[5m]))\n'
            "/ sum(rate(casebus_profile_requests_total[5m])) > 0.01"
        ),
        holds_for="2m",
        severity="critical",
        summary="{{ $value | humanizePercentage }} of the requests for overviews fail",
        description="The profile service answers 5xx.",
    ),
    Alert(
        name="CasebusHttpSlow",
        expression=("histogram_quantile(0.99, sum by (le) (rate(casebus_profile_request_seconds_bucket[10m]))) > 0.25"),
        holds_for="10m",
        severity="warning",
        summary="One request in a hundred waits longer than {{ $value | humanizeDuration }}",
        description="99th percentile of ten minutes, until the answer begins. The promise is a quarter of a second.",
    ),
)
