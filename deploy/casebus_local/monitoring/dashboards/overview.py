"""Is the bus well? One look."""

from __future__ import annotations

from typing import Final

from casebus_local.monitoring.dashboard import Dashboard, Panel, Query, Row
from casebus_local.monitoring.queries import largest, quantile, rate

OVERVIEW: Final = Dashboard(
    uid="casebus-overview",
    title="casebus: overview",
    about="Is the bus well? Every number here has a dashboard of its own behind it.",
    rows=(
        Row(
            "Now",
            (
                Panel(
                    title="Alerts that fire",
                    about="The runbook says what to do: docs/operations/alerts.md.",
                    queries=(Query('sum(ALERTS{alertname=~"Casebus.*", alertstate="firing"}) or vector(0)'),),
                    look="stat",
                    width=4,
                    height=4,
                ),
                Panel(
                    title="Oldest uncommitted event",
                    about="Age of the oldest event that is not in its overview; 0 when all are.",
                    queries=(Query('max(casebus_stage_lag_seconds{stage="overviews"})'),),
                    unit="s",
                    look="stat",
                    width=5,
                    height=4,
                ),
                Panel(
                    title="Silent agencies",
                    about="Quiet for much longer than usual.",
                    queries=(Query("sum(max by (agency) (casebus_source_silent))"),),
                    look="stat",
                    width=5,
                    height=4,
                ),
                Panel(
                    title="Set aside in 24 hours",
                    about="Dead letters of stages and sinks.",
                    queries=(
                        Query(
                            "(sum(increase(casebus_dead_letters_total[1d])) or vector(0))"
                            " + (sum(increase(casebus_sink_dead_letters_total[1d])) or vector(0))"
                        ),
                    ),
                    look="stat",
                    width=5,
                    height=4,
                ),
                Panel(
                    title="Longest overdue message",
                    about="0 when none is due.",
                    queries=(Query("max(casebus_notifier_overdue_seconds)"),),
                    unit="s",
                    look="stat",
                    width=5,
                    height=4,
                ),
            ),
        ),
        Row(
            "Events",
            (
                Panel(
                    title="Events",
                    about="What agencies send, a second.",
                    queries=(
                        rate("casebus_intake_accepted_total", legend="accepted"),
                        rate("casebus_intake_rejected_total", legend="rejected"),
                    ),
                    unit="ops",
                    width=12,
                ),
                Panel(
                    title="From received to committed, p99",
                    about="From the moment the bus received an event to the commit of each stage.",
                    queries=(quantile("casebus_stage_latency_seconds", 0.99, by="stage"),),
                    unit="s",
                    width=12,
                ),
                Panel(
                    title="Lag",
                    about="Age of the oldest record that is not handled.",
                    queries=(
                        largest("casebus_stage_lag_seconds", by="stage"),
                        largest("casebus_sink_lag_seconds", by="topic"),
                    ),
                    unit="s",
                    width=12,
                ),
                Panel(
                    title="Processes",
                    about="How many of each part answer, by version: two versions while a release is rolled out.",
                    queries=(Query("count by (part, version) (casebus_part_info)", "{{part}} {{version}}"),),
                    width=12,
                ),
            ),
        ),
        Row(
            "Citizens",
            (
                Panel(
                    title="Requests",
                    about="To the profile service, a second, by status.",
                    queries=(rate("casebus_profile_requests_total", by="status"),),
                    unit="reqps",
                ),
                Panel(
                    title="Answers, p99",
                    about="Until the answer begins.",
                    queries=(quantile("casebus_profile_request_seconds", 0.99),),
                    unit="s",
                ),
                Panel(
                    title="Messages",
                    about="Attempts a second, by what came of them.",
                    queries=(rate("casebus_notifier_messages_total", by="result"),),
                    unit="ops",
                ),
            ),
        ),
    ),
)
