"""Is the bus well? One look."""

from __future__ import annotations

from typing import Final

from casebus_local.monitoring.dashboard import Dashboard, Query, number, panel, row
from casebus_local.monitoring.queries import largest, quantile, rate

OVERVIEW: Final = Dashboard(
    uid="casebus-overview",
    title="casebus: overview",
    about="Is the bus well? Every number here has a dashboard of its own behind it.",
    rows=(
        row(
            "Now",
            number(
                "Alerts that fire",
                "The runbook says what to do: docs/operations/alerts.md.",
                Query('sum(ALERTS{alertname=~"Casebus.*", alertstate="firing"}) or vector(0)'),
                width=4,
            ),
            number(
                "Oldest uncommitted event",
                "Age of the oldest event that is not in its overview; 0 when all are.",
                Query('max(casebus_stage_lag_seconds{stage="overviews"})'),
                unit="s",
            ),
            number(
                "Silent agencies",
                "Quiet for much longer than usual.",
                Query("sum(max by (agency) (casebus_source_silent))"),
            ),
            number(
                "Set aside in 24 hours",
                "Dead letters of stages and sinks.",
                Query(
                    "(sum(increase(casebus_dead_letters_total[1d])) or vector(0))"
                    " + (sum(increase(casebus_sink_dead_letters_total[1d])) or vector(0))"
                ),
            ),
            number(
                "Longest overdue message",
                "0 when none is due.",
                Query("max(casebus_notifier_overdue_seconds)"),
                unit="s",
            ),
        ),
        row(
            "Events",
            panel(
                "Events",
                "What agencies send, a second.",
                rate("casebus_intake_accepted_total", legend="accepted"),
                rate("casebus_intake_rejected_total", legend="rejected"),
                unit="ops",
                width=12,
            ),
            panel(
                "From received to committed, p99",
                "From the moment the bus received an event to the commit of each stage.",
                quantile("casebus_stage_latency_seconds", 0.99, by="stage"),
                unit="s",
                width=12,
            ),
            panel(
                "Lag",
                "Age of the oldest record that is not handled.",
                largest("casebus_stage_lag_seconds", by="stage"),
                largest("casebus_sink_lag_seconds", by="topic"),
                unit="s",
                width=12,
            ),
            panel(
                "Processes",
                "How many of each part answer, by version: two versions while a release is rolled out.",
                Query("count by (part, version) (casebus_part_info)", "{{part}} {{version}}"),
                width=12,
            ),
        ),
        row(
            "Citizens",
            panel(
                "Requests",
                "To the profile service, a second, by status.",
                rate("casebus_profile_requests_total", by="status"),
                unit="reqps",
            ),
            panel(
                "Answers, p99", "Until the answer begins.", quantile("casebus_profile_request_seconds", 0.99), unit="s"
            ),
            panel(
                "Messages",
                "Attempts a second, by what came of them.",
                rate("casebus_notifier_messages_total", by="result"),
                unit="ops",
            ),
        ),
    ),
)
