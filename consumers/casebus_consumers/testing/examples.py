"""Records to test with: whole and valid, about a made-up party, and different wherever the caller says so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from casebus_schemas import (
    AcceptedEvent,
    CaseContent,
    CaseOverview,
    CaseState,
    Change,
    ChangeKind,
    EventKind,
    HistoryEntry,
    NotificationOutcome,
    NotificationState,
    Overview,
    Phase,
    Role,
    RollUp,
    Sensitivity,
    ShortText,
    SourceFreshness,
    SourceState,
    Status,
)
from casebus_schemas.model import ContractModel

Model = TypeVar("Model", bound=ContractModel)

PARTY: Final = "p1.AAAAAAAAAAAAAAAAAAAAAA"
AGENCY: Final = "OVO000123"
MOMENT: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)


def party(number: int) -> str:
    """A ``party_ref`` of its own for each number."""
    return f"p1.{number:022d}"


def content(**fields: Any) -> CaseContent:
    """A case that was received. ``fields`` replace those of ``CaseContent``."""
    status = Status(phase=Phase.COMPOSITION, code="Ingediend", occurred_at=MOMENT)
    return _replaced(
        CaseContent(title=ShortText(nl="Premie voor dakisolatie"), status=status, sensitivity=Sensitivity.NORMAL),
        fields,
    )


def accepted(sequence: int = 1, **fields: Any) -> AcceptedEvent:
    """The ``sequence``-th event of a case."""
    event = AcceptedEvent(
        party_ref=PARTY,
        roles=(Role.APPLICANT,),
        agency=AGENCY,
        case_id="D-1",
        kind=EventKind.STATUS_CHANGED,
        sequence=sequence,
        event_id=f"D-1:{sequence}",
        time=MOMENT,
        digest="00000000",
        source=f"urn:be:vlaanderen:ovo:{AGENCY}",
        content=content(),
    )
    return _replaced(event, fields)


def change(version: int = 1, **fields: Any) -> Change:
    """The change that made the party's overview ``version``. Its id is unique per party and version, unless given."""
    party_ref = fields.get("party_ref", PARTY)
    made = Change(
        change_id=f"{party_ref}/{AGENCY}/D-1/{version}/D-1:{version}/00000000",
        kind=ChangeKind.CASE_ADDED if version == 1 else ChangeKind.STATUS_CHANGED,
        party_ref=party_ref,
        agency=AGENCY,
        case_id="D-1",
        roles=(Role.APPLICANT,),
        event_id=f"D-1:{version}",
        event_kind=EventKind.STATUS_CHANGED,
        sequence=version,
        time=MOMENT,
        epoch=1,
        version=version,
        before=None if version == 1 else _state(),
        after=_state(),
    )
    return _replaced(made, fields)


def overview(version: int = 1, **fields: Any) -> Overview:
    """An overview with one case."""
    entry = HistoryEntry(
        sequence=version, event_id=f"D-1:{version}", time=MOMENT, digest="00000000", kind=EventKind.STATUS_CHANGED
    )
    case = CaseOverview(
        agency=AGENCY,
        case_id="D-1",
        roles=(Role.APPLICANT,),
        roll_up=RollUp.RECEIVED,
        sequence=version,
        events=version,
        content=content(),
        history=(entry,),
    )
    made = Overview(party_ref=PARTY, epoch=1, version=version, updated_at=MOMENT, cases={f"{AGENCY}/D-1": case})
    return _replaced(made, fields)


def source(**fields: Any) -> SourceFreshness:
    """An agency that was heard of."""
    return _replaced(
        SourceFreshness(agency=AGENCY, state=SourceState.ACTIVE, last_event_at=MOMENT, updated_at=MOMENT), fields
    )


def outcome(**fields: Any) -> NotificationOutcome:
    """A notification that was sent."""
    made = NotificationOutcome(
        notification_id=UUID(int=1),
        agency=AGENCY,
        case_id="D-1",
        event_id="D-1:1",
        sequence=1,
        state=NotificationState.SENT,
        at=MOMENT,
    )
    return _replaced(made, fields)


def _state() -> CaseState:
    return CaseState(roll_up=RollUp.RECEIVED, content=content())


def _replaced(made: Model, fields: dict[str, Any]) -> Model:
    """Validated again: an example that breaks the contract would prove nothing."""
    return type(made).model_validate({**{name: getattr(made, name) for name in made.model_fields_set}, **fields})
