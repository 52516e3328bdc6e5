"""The events an agency publishes: CloudEvents 1.0, structured JSON, one model per type and version.

One record is one self-contained event. ``subject`` is the case id, never a citizen. ``sequence`` (CloudEvents
extension, an integer written as a string) rises per case and decides the order; ``time`` is when the event was
published. Sources: CloudEvents 1.0.2, its Sequence and Distributed Tracing extensions.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from casebus_schemas.case import CaseContent, CaseId
from casebus_schemas.model import ContractModel, UtcDatetime
from casebus_schemas.party import Party
from casebus_schemas.text import LongText

_SEQUENCE = re.compile(r"[1-9][0-9]{0,17}")

Parties = Annotated[tuple[Party, ...], Field(min_length=1, max_length=50, strict=False)]


def _sequence_number(value: object, info: ValidationInfo) -> int:
    if isinstance(value, str) and _SEQUENCE.fullmatch(value):
        return int(value)
    if info.mode == "python" and isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**18:
        return value
    raise PydanticCustomError("sequence.form", "a whole number from 1 on, of at most 18 digits, written as a string")


Sequence = Annotated[
    int,
    BeforeValidator(_sequence_number),
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]{0,17}$"}),
]
"""An event's place within its case: an ``int`` in Python, a string on the wire."""


def _extension_attribute(value: object) -> str | bool | int:
    if isinstance(value, (str, bool)) or (isinstance(value, int) and -(2**31) <= value < 2**31):
        return value
    raise PydanticCustomError("extension.type", "a CloudEvents attribute is a text, a boolean or a 32-bit integer")


Extension = Annotated[
    str | bool | int,
    PlainValidator(_extension_attribute),
    WithJsonSchema({"type": ["string", "boolean", "integer"], "minimum": -(2**31), "maximum": 2**31 - 1}),
]
"""The value of an extension attribute: what CloudEvents allows and JSON can tell apart."""


class StatusChanged(CaseContent):
    """The case has a new status. Carries the whole visible case."""

    case_id: CaseId
    parties: Parties


class Corrected(CaseContent):
    """What event number ``corrects`` of this case said was wrong; this is what it should have said."""

    case_id: CaseId
    parties: Parties
    corrects: Annotated[int, Field(ge=1, lt=10**18)]
    reason: LongText | None = None


class Retracted(ContractModel):
    """The case was published in error: it leaves the overview of these parties. A later status brings it back."""

    case_id: CaseId
    parties: Parties
    reason: LongText | None = None


class PartyRemoved(ContractModel):
    """The access of these parties ends: the case leaves their overview, not that of the others."""

    case_id: CaseId
    parties: Parties
    reason: LongText | None = None


class EventEnvelope(ContractModel):
    """The CloudEvents attributes. Other extension attributes are allowed (CloudEvents naming) and ignored."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Extension]

    specversion: Literal["1.0"] = "1.0"
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:+=@~-]{1,128}$")]
    source: Annotated[str, Field(pattern=r"^urn:be:vlaanderen:ovo:OVO[0-9]{6}(?::[A-Za-z0-9._-]{1,64})?$")]
    subject: CaseId
    time: UtcDatetime
    sequence: Sequence
    sequencetype: Literal["Integer"] | None = None
    datacontenttype: Literal["application/json"] | None = "application/json"
    dataschema: Annotated[str, Field(min_length=1, max_length=2048)] | None = None
    traceparent: Annotated[str, Field(pattern=r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")] | None = None
    tracestate: Annotated[str, Field(max_length=512)] | None = None

    @property
    def agency(self) -> str:
        """The OVO code in ``source``: who says it sent this. Intake holds it against the topic."""
        return self.source.split(":")[4]


class StatusChangedEvent(EventEnvelope):
    """``be.vlaanderen.case.status-changed.v1``."""

    type: Literal["be.vlaanderen.case.status-changed.v1"] = "be.vlaanderen.case.status-changed.v1"
    data: StatusChanged


class CorrectedEvent(EventEnvelope):
    """``be.vlaanderen.case.corrected.v1``."""

    type: Literal["be.vlaanderen.case.corrected.v1"] = "be.vlaanderen.case.corrected.v1"
    data: Corrected


class RetractedEvent(EventEnvelope):
    """``be.vlaanderen.case.retracted.v1``."""

    type: Literal["be.vlaanderen.case.retracted.v1"] = "be.vlaanderen.case.retracted.v1"
    data: Retracted


class PartyRemovedEvent(EventEnvelope):
    """``be.vlaanderen.case.party-removed.v1``."""

    type: Literal["be.vlaanderen.case.party-removed.v1"] = "be.vlaanderen.case.party-removed.v1"
    data: PartyRemoved


CaseEvent = StatusChangedEvent | CorrectedEvent | RetractedEvent | PartyRemovedEvent
EVENT_MODELS: tuple[type[CaseEvent], ...] = (
    StatusChangedEvent,
    CorrectedEvent,
    RetractedEvent,
    PartyRemovedEvent,
)


def new_event(
    data: StatusChanged | Corrected | Retracted | PartyRemoved,
    *,
    agency: str,
    sequence: int,
    system: str | None = None,
    id: str | None = None,
    time: datetime | None = None,
    traceparent: str | None = None,
) -> CaseEvent:
    """An event around ``data``: a random id and the present time unless given.

    Give a stable ``id`` when the same fact may be published again: the id, not the content, makes it the same event.
    Raises pydantic's ``ValidationError`` for a malformed attribute. Does not block.
    """
    model = _MODEL_OF_DATA[type(data)]
    return model(
        specversion="1.0",
        id=id if id is not None else str(uuid.uuid4()),
        source=f"urn:be:vlaanderen:ovo:{agency}" + (f":{system}" if system is not None else ""),
        subject=data.case_id,
        time=time if time is not None else datetime.now(UTC),
        sequence=sequence,
        traceparent=traceparent,
        data=data,
    )


_MODEL_OF_DATA: dict[type, Callable[..., CaseEvent]] = {
    StatusChanged: StatusChangedEvent,
    Corrected: CorrectedEvent,
    Retracted: RetractedEvent,
    PartyRemoved: PartyRemovedEvent,
}
