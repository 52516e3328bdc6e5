"""A valid event as intake goes on with it, whichever door it came through. Pure."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType

from casebus_schemas import CaseEvent, Corrected, PartyRemoved, Retracted, StatusChanged
from casebus_schemas.case import CaseContent
from casebus_schemas.model import ContractModel
from casebus_streams.wire import Kind

KINDS: dict[type, Kind] = {
    StatusChanged: "status-changed",
    Corrected: "corrected",
    Retracted: "retracted",
    PartyRemoved: "party-removed",
}
"""What the accepted log calls each kind of data."""

_NOT_CONTENT = {"case_id", "parties", "corrects", "reason"}


class ValidEvent(Struct, gc=False, frozen=True):
    """An event that keeps all the rules of the contract.

    ``time``, ``reason`` and ``content`` are as the bus writes them. ``case`` is what ``content`` says, to look at: the
    contract's model or a struct with the same fields. ``parties`` are kind, number and role.
    """

    agency: str
    event_id: str
    source: str
    case_id: str
    kind: Kind
    sequence: int
    corrects: int | UnsetType
    time: str
    traceparent: str | UnsetType
    reason: bytes | None
    content: bytes | None
    case: CaseContent | None
    parties: list[tuple[str, str, str]]


def valid_event(event: CaseEvent) -> ValidEvent:
    """``event``, which the contract's own door let in."""
    data = event.data
    case = data if isinstance(data, (StatusChanged, Corrected)) else None
    reason = None if isinstance(data, StatusChanged) else data.reason
    return ValidEvent(
        agency=event.agency,
        event_id=event.id,
        source=event.source,
        case_id=data.case_id,
        kind=KINDS[type(data)],
        sequence=event.sequence,
        corrects=data.corrects if isinstance(data, Corrected) else UNSET,
        time=event.time.isoformat()[:-6] + "Z",  # always UTC here
        traceparent=event.traceparent if event.traceparent is not None else UNSET,
        reason=_json(reason) if reason is not None else None,
        content=_json(case, _NOT_CONTENT) if case is not None else None,
        case=case,
        parties=[(party.kind, party.number, party.role.value) for party in data.parties],
    )


def _json(value: ContractModel, exclude: set[str] | None = None) -> bytes:
    return value.__pydantic_serializer__.to_json(value, exclude=exclude, exclude_none=True)
