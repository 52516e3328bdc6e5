"""What one agency sends, what is refused of it, and when it was last heard of."""

from __future__ import annotations

from typing import Final

from casebus_local.monitoring.dashboard import Dashboard, Query, Variable, panel, row
from casebus_local.monitoring.queries import RATE, largest, rate

_CHOSEN: Final = 'agency=~"$agency"'

AGENCIES: Final = Dashboard(
    uid="casebus-agencies",
    title="casebus: agencies",
    about="What an agency sends, what is refused of it and why, and when it was last heard of.",
    variables=(Variable("agency", "casebus_source_last_event_timestamp_seconds"),),
    rows=(
        row(
            "What arrives",
            panel(
                "Accepted",
                "Events a second.",
                rate("casebus_intake_accepted_total", by="agency", where=_CHOSEN),
                unit="ops",
                width=12,
            ),
            panel(
                "Rejected, by agency",
                "Events a second. The agency finds them in its topic of rejections.",
                rate("casebus_intake_rejected_total", by="agency", where=_CHOSEN),
                unit="ops",
                width=12,
            ),
            panel(
                "Rejected, by rule",
                "The first rule that an event breaks; docs/agencies/errors.md explains each.",
                rate("casebus_intake_rejected_total", by="rule", where=_CHOSEN),
                unit="ops",
                width=12,
            ),
            panel(
                "Accepted with a remark",
                "Events with an unknown status code, and events that share a case's sequence with another.",
                Query(f"sum(rate(casebus_intake_warnings_total{{{_CHOSEN}}}[{RATE}])) or vector(0)", "warnings"),
                Query(
                    f"sum(rate(casebus_overviews_conflicts_total{{{_CHOSEN}}}[{RATE}])) or vector(0)",
                    "conflicts",
                ),
                unit="ops",
                width=12,
            ),
        ),
        row(
            "How fresh",
            panel(
                "Last event",
                "How long ago the bus received the agency's last event.",
                Query(
                    f"time() - max by (agency) (casebus_source_last_event_timestamp_seconds{{{_CHOSEN}}})",
                    "{{agency}}",
                ),
                unit="s",
            ),
            panel(
                "Silent",
                "1 while the agency is quiet for much longer than usual.",
                largest("casebus_source_silent", by="agency", where=_CHOSEN),
            ),
            panel(
                "Rejected of the last day",
                "Share of the agency's events.",
                largest("casebus_source_rejected_ratio", by="agency", where=_CHOSEN),
                unit="percentunit",
            ),
            panel(
                "Statements",
                "Records a second about all agencies, written to the topic of sources.",
                rate("casebus_sources_statements_total", legend="statements"),
                unit="ops",
            ),
        ),
    ),
)
