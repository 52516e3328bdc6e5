"""Alerts about agencies: what they send is refused, or they send nothing."""

from __future__ import annotations

from typing import Final

from casebus_local.monitoring.alert import Alert, risen

_REJECTED: Final = risen("casebus_intake_rejected_total", by="agency", window="1h")
_ACCEPTED: Final = risen("casebus_intake_accepted_total", by="agency", window="1h")

AGENCY_ALERTS: Final = (
    Alert(
        name="CasebusAgencyRejected",
        # An agency of which nothing was ever accepted has no accepted events to add.
        expression=(f"{_REJECTED}\n/ ({_REJECTED} + ({_ACCEPTED} or 0 * {_REJECTED})) > 0.05\nand {_REJECTED} > 20"),
        holds_for="5m",
        severity="warning",
        summary="{{ $value | humanizePercentage }} of what {{ $labels.agency }} sends is rejected",
        description="Within the last hour. The agency sees why in its topic of rejections, if it looks.",
    ),
    Alert(
        name="CasebusAgencySilent",
        expression="max by (agency) (casebus_source_silent) == 1",
        holds_for="5m",
        severity="warning",
        summary="{{ $labels.agency }} is silent",
        description="It has been quiet for much longer than it ever is. Its cases stay as they are and nobody notices.",
    ),
    Alert(
        name="CasebusAgenciesUnwatched",
        # A worker that stands by shows no agency: all can be there and none have the topic.
        expression="count(max_over_time(casebus_source_silent[1d]))\nunless count(casebus_source_silent)",
        holds_for="10m",
        severity="warning",
        summary="Nobody watches whether agencies go silent",
        description="Within the last day {{ $value }} agencies were watched, and now none is.",
    ),
)
