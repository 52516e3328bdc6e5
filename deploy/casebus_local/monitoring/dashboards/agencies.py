"""What one agency sends, what is refused of it, and when it was last heard of."""

from __future__ import annotations

from typing import Final

from casebus_local.monitoring.dashboard import Dashboard, Panel, Query, Row, Variable
from casebus_local.monitoring.queries import RATE, largest, rate

_CHOSEN: Final = 'agency=~"$agency"'

AGENCIES: Final = Dashboard(
    uid="casebus-agencies",
    title="casebus: agencies",
    about="What an agency sends, what is refused of it and why, and when it was last heard of.",
    variables=(Variable("agency", "casebus_source_last_event_timestamp_seconds"),),
    rows=(
        Row(
            "What arrives",
            (
                Panel(
                    title="Accepted",
                    about="Events a second.",
                    queries=(rate("casebus_intake_accepted_total", by="agency", where=_CHOSEN),),
                    unit="ops",
                    width=12,
                ),
                Panel(
                    title="Rejected, by agency",
                    about="Events a second. The agency finds them in its topic of rejections.",
                    queries=(rate("casebus_intake_rejected_total", by="agency", where=_CHOSEN),),
                    unit="ops",
                    width=12,
                ),
                Panel(
                    title="Rejected, by rule",
                    about="The first rule that an event breaks; docs/agencies/errors.md explains each.",
                    queries=(rate("casebus_intake_rejected_total", by="rule", where=_CHOSEN),),
                    unit="ops",
                    width=12,
                ),
                Panel(
                    title="Accepted with a remark",
                    about="Events with an unknown status code, and events that share a case's sequence with another.",
                    queries=(
                        Query(
                            f"sum(rate(casebus_intake_warnings_total{{{_CHOSEN}}}[{RATE}])) or vector(0)", "warnings"
                        ),
                        Query(
                            f"sum(rate(casebus_overviews_conflicts_total{{{_CHOSEN}}}[{RATE}])) or vector(0)",
                            "conflicts",
                        ),
                    ),
                    unit="ops",
                    width=12,
                ),
            ),
        ),
        Row(
            "How fresh",
            (
                Panel(
                    title="Last event",
                    about="How long ago the bus received the agency's last event.",
                    queries=(
                        Query(
                            f"time() - max by (agency) (casebus_source_last_event_timestamp_seconds{{{_CHOSEN}}})",
                            "{{agency}}",
                        ),
                    ),
                    unit="s",
                ),
                Panel(
                    title="Silent",
                    about="1 while the agency is quiet for much longer than usual.",
                    queries=(largest("casebus_source_silent", by="agency", where=_CHOSEN),),
                ),
                Panel(
                    title="Rejected of the last day",
                    about="Share of the agency's events.",
                    queries=(largest("casebus_source_rejected_ratio", by="agency", where=_CHOSEN),),
                    unit="percentunit",
                ),
                Panel(
                    title="Statements",
                    about="Records a second about all agencies, written to the topic of sources.",
                    queries=(rate("casebus_sources_statements_total", legend="statements"),),
                    unit="ops",
                ),
            ),
        ),
    ),
)
