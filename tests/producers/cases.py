"""Events and settings for the tests of the SDK. All people in them are made up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from casebus_producers.settings import AgencySettings, KafkaSettings, PublishSettings
from casebus_schemas import (
    CaseEvent,
    Citizen,
    Phase,
    Role,
    Sensitivity,
    ShortText,
    Status,
    StatusChanged,
    encode_event,
    insz_of,
    new_event,
)

AGENCY = "OVO000123"
WHEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
CANARY = insz_of("850793033")


def event(case_id: str = "case-1", sequence: int = 1, *, agency: str = AGENCY, title: str = "Vergunning") -> CaseEvent:
    """A valid event with a stable id."""
    data = StatusChanged(
        case_id=case_id,
        title=ShortText(nl=title),
        parties=(Citizen(number=CANARY, role=Role.APPLICANT),),
        status=Status(phase=Phase.HANDLING, code="InBehandeling", occurred_at=WHEN),
        sensitivity=Sensitivity.NORMAL,
    )
    return new_event(data, agency=agency, sequence=sequence, id=f"{case_id}-{sequence}".replace("/", "."), time=WHEN)


def line(case_id: str = "case-1", sequence: int = 1, *, agency: str = AGENCY) -> bytes:
    """A line of NDJSON with a valid event."""
    return encode_event(event(case_id, sequence, agency=agency)) + b"\n"


def invalid_line(case_id: str = "case-1") -> bytes:
    """A line with an event that breaks two rules: its title is missing, and its code is no code."""
    document = json.loads(line(case_id))
    del document["data"]["title"]
    document["data"]["status"]["code"] = "not a code"
    return json.dumps(document).encode() + b"\n"


def settings(bootstrap_servers: str, prefix: str = "t", **publish: float) -> AgencySettings:
    """Settings for one broker and one topic prefix."""
    return AgencySettings(
        kafka=KafkaSettings(bootstrap_servers=bootstrap_servers, topic_prefix=prefix),
        publish=PublishSettings.model_validate(publish),
    )


def cases(count: int, events_per_case: int) -> Sequence[CaseEvent]:
    """Events of several cases, interleaved as they would come."""
    return [event(f"case-{case}", sequence) for sequence in range(1, events_per_case + 1) for case in range(count)]
