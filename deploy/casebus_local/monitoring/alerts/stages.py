"""Alerts about the stages: late, standing still, losing, slow."""

from __future__ import annotations

from typing import Final

from casebus_local.monitoring.alert import Alert, risen
from casebus_streams.sink import MAX_RECORD_BYTES

_LARGE_BYTES: Final = MAX_RECORD_BYTES * 3 // 4

STAGE_ALERTS: Final = (
    Alert(
        name="CasebusStageLate",
        expression="max by (stage) (casebus_stage_lag_seconds) > 120",
        holds_for="5m",
        severity="critical",
        summary="{{ $labels.stage }} is {{ $value | humanizeDuration }} behind",
        description="The oldest record that {{ $labels.stage }} has not handled came {{ $value | humanizeDuration }} "
        "ago. Citizens see their cases as they were then.",
    ),
    Alert(
        name="CasebusPartitionStands",
        expression="max by (stage) (casebus_stage_stalled_seconds) > 120",
        holds_for="1m",
        severity="critical",
        summary="A partition of {{ $labels.stage }} does not move",
        description="It has records, and none was committed for {{ $value | humanizeDuration }}.",
    ),
    Alert(
        name="CasebusDataLost",
        expression=risen("casebus_stage_lost_ranges_total", by="stage", window="1h") + " > 0",
        holds_for="0m",
        severity="critical",
        summary="Events were removed before {{ $labels.stage }} had read them",
        description="Retention has taken events that nobody had handled. Only the agency still has them.",
    ),
    Alert(
        name="CasebusDeadLetters",
        expression=(
            f"{risen('casebus_dead_letters_total', by='stage, reason', window='1h')} > 0\n"
            f"or {risen('casebus_sink_dead_letters_total', by='topic', window='1h')} > 0"
        ),
        holds_for="0m",
        severity="warning",
        summary="{{ $labels.stage }}{{ $labels.topic }} set records aside{{ with $labels.reason }}: {{ . }}{{ end }}",
        description="Within the last hour, records could not be handled. What they say is missing until they are "
        "replayed.",
    ),
    Alert(
        name="CasebusTransactionsAborted",
        expression=(
            'sum by (stage) (rate(casebus_stage_transactions_total{result="aborted"}[10m]))\n'
            "/ sum by (stage) (rate(casebus_stage_transactions_total[10m])) > 0.1"
        ),
        holds_for="5m",
        severity="warning",
        summary="{{ $value | humanizePercentage }} of the transactions of {{ $labels.stage }} are aborted",
        description="They are tried again and nothing is lost, but something between the worker and Kafka is wrong.",
    ),
    Alert(
        name="CasebusRestoreSlow",
        expression="max by (job, instance) (casebus_overviews_restoring) == 1",
        holds_for="5m",
        severity="warning",
        summary="{{ $labels.instance }} has read overviews back for more than five minutes",
        description="The partitions that it was given wait until it is done.",
    ),
    Alert(
        name="CasebusOverviewLarge",
        expression=f"max(casebus_overviews_largest_bytes) > {_LARGE_BYTES}",
        holds_for="0m",
        severity="warning",
        summary="An overview has grown to {{ $value | humanize1024 }}B",
        description="At 8 MiB a record is full: further events of that party become dead letters.",
    ),
    Alert(
        name="CasebusPublishToCommitSlow",
        expression=(
            "histogram_quantile(0.99, sum by (le) (\n"
            '  rate(casebus_stage_latency_seconds_bucket{stage="overviews"}[10m])\n'
            ")) > 1"
        ),
        holds_for="10m",
        severity="warning",
        summary="One event in a hundred takes more than {{ $value | humanizeDuration }} to its overview",
        description="From the moment the bus received an event to the commit of overviews, 99th percentile of ten "
        "minutes. The promise is one second.",
    ),
)
