"""The common moves of a case as one call each; what the case is stays the same from move to move."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypedDict, TypeVar, Unpack

from pydantic import BaseModel, ValidationError

from casebus_schemas import (
    Action,
    ActionBy,
    CaseEvent,
    Citizen,
    Contact,
    Corrected,
    Expected,
    InvalidEventError,
    Link,
    LongText,
    Notify,
    Outcome,
    Party,
    PartyRemoved,
    Phase,
    Result,
    Retracted,
    Role,
    Sensitivity,
    ShortText,
    Status,
    StatusChanged,
    StatusChangedEvent,
    Suspension,
    new_event,
)
from casebus_schemas.reasons import explain

Text = str | Mapping[str, str]
"""Dutch, or a text for each language: ``{"nl": ..., "fr": ...}``."""

EVENT_IDS: Final = uuid.UUID("5d1c9b1e-6f0e-5b0a-9d0c-0c5e7a1f2b64")
"""Namespace of the ids that ``Case`` makes. Never changes: the ids would."""

Model = TypeVar("Model", bound=BaseModel)


class Details(TypedDict, total=False):
    """What any status may say besides; leave it out and the case has none any more. Fields as in ``StatusChanged``."""

    summary: Text
    expected: Expected
    suspension: Suspension
    links: tuple[Link, ...]
    notify: Notify
    visible_from: datetime
    expires_at: datetime
    external_reference: str
    tags: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case of an agency, as it is told in every event about it. Immutable; nothing here blocks.

    ``citizen`` is the INSZ of the applicant (11 digits); for anybody else, or more, give ``parties``.

    Every move takes the event's ``sequence`` and makes its id from source, case and sequence. ``at`` is when it became
    so in your system, with an offset; it is also the event's ``time``. Give it, and the same move made again is the
    same event to the byte; without it, it is now.
    Every move raises ``InvalidEventError`` (fix) whose reasons name field and rule, never a value.
    """

    agency: str
    case_id: str
    title: Text
    citizen: str | None = field(default=None, repr=False)
    parties: tuple[Party, ...] = field(default=(), repr=False)
    case_type: str | None = None
    contact: Contact | None = None
    sensitivity: Sensitivity = Sensitivity.NORMAL
    system: str | None = None

    def received(
        self, *, sequence: int, code: str = "Ingediend", at: datetime | None = None, **details: Unpack[Details]
    ) -> CaseEvent:
        """The application is in."""
        return self.status(Phase.COMPOSITION, code, sequence=sequence, at=at, **details)

    def in_progress(
        self, *, sequence: int, code: str = "InBehandeling", at: datetime | None = None, **details: Unpack[Details]
    ) -> CaseEvent:
        """Somebody works on it; nothing is expected of the citizen (any more)."""
        return self.status(Phase.HANDLING, code, sequence=sequence, at=at, **details)

    def action_needed(
        self,
        what: Text,
        *,
        sequence: int,
        url: str | None = None,
        due_at: datetime | None = None,
        code: str = "DossierOnvolledig",
        at: datetime | None = None,
        **details: Unpack[Details],
    ) -> CaseEvent:
        """The citizen must do ``what``, at ``url``, before ``due_at``. The next move ends it."""
        action = _made(Action, what=_text(ShortText, what), by=ActionBy.PARTY, url=url, due_at=due_at)
        return self.status(Phase.HANDLING, code, sequence=sequence, at=at, action=action, **details)

    def decided(
        self,
        outcome: Outcome,
        *,
        sequence: int,
        text: Text | None = None,
        reference: str | None = None,
        at: datetime | None = None,
        **details: Unpack[Details],
    ) -> CaseEvent:
        """There is a decision; the status code follows from ``outcome``."""
        result = _made(Result, outcome=outcome, text=_text(LongText, text), reference=reference)
        return self.status(Phase.DECISION, _CODES[outcome], sequence=sequence, at=at, result=result, **details)

    def closed(
        self,
        *,
        sequence: int,
        outcome: Outcome | None = None,
        code: str = "Afgerond",
        at: datetime | None = None,
        **details: Unpack[Details],
    ) -> CaseEvent:
        """Nothing more will come; ``outcome`` repeats the decision, which the citizen otherwise no longer sees."""
        result = None if outcome is None else Result(outcome=outcome)
        return self.status(Phase.COMPLETED, code, sequence=sequence, at=at, result=result, **details)

    def status(
        self,
        phase: Phase,
        code: str,
        *,
        sequence: int,
        at: datetime | None = None,
        detail: Text | None = None,
        action: Action | None = None,
        result: Result | None = None,
        **details: Unpack[Details],
    ) -> CaseEvent:
        """Any other status."""
        summary = _text(LongText, details.get("summary"))
        status = _made(
            Status, phase=phase, code=code, detail=_text(ShortText, detail), occurred_at=at or datetime.now(UTC)
        )
        data = _made(
            StatusChanged,
            **{**details, "summary": summary},
            case_id=self.case_id,
            case_type=self.case_type,
            title=_text(ShortText, self.title),
            parties=self._parties(),
            status=status,
            action=action,
            result=result,
            contact=self.contact,
            sensitivity=self.sensitivity,
        )
        return self._event(data, sequence, at)

    def corrected(
        self, wrong: int, right: CaseEvent, *, sequence: int, reason: Text | None = None, at: datetime | None = None
    ) -> CaseEvent:
        """Event number ``wrong`` should have said what ``right`` says: a move made with that number, never sent."""
        if not isinstance(right, StatusChangedEvent):
            raise TypeError("what an event should have said is a status, not another correction or a withdrawal")
        said = {name: value for name, value in right.data if value is not None}
        return self._event(_made(Corrected, **said, corrects=wrong, reason=_text(LongText, reason)), sequence, at)

    def retracted(self, *, sequence: int, reason: Text | None = None, at: datetime | None = None) -> CaseEvent:
        """The case was published in error: it leaves the overview of all its parties."""
        reasons = _text(LongText, reason)
        data = _made(Retracted, case_id=self.case_id, parties=self._parties(), reason=reasons)
        return self._event(data, sequence, at)

    def party_removed(
        self, *parties: Party, sequence: int, reason: Text | None = None, at: datetime | None = None
    ) -> CaseEvent:
        """The access of these parties ends; the others keep theirs."""
        reasons = _text(LongText, reason)
        return self._event(_made(PartyRemoved, case_id=self.case_id, parties=parties, reason=reasons), sequence, at)

    def _parties(self) -> tuple[Party, ...]:
        if self.citizen is None:
            return self.parties
        return (_made(Citizen, number=self.citizen, role=Role.APPLICANT), *self.parties)

    def _event(
        self, data: StatusChanged | Corrected | Retracted | PartyRemoved, sequence: int, at: datetime | None
    ) -> CaseEvent:
        name = f"{self.agency}/{self.system or ''}/{self.case_id}/{sequence}"
        try:
            return new_event(
                data,
                agency=self.agency,
                system=self.system,
                sequence=sequence,
                id=str(uuid.uuid5(EVENT_IDS, name)),
                time=at,
            )
        except ValidationError as error:
            reasons = explain(error)
        raise InvalidEventError(reasons)  # out here, so that pydantic's error, which holds the input, stays behind


_CODES: Final = {
    Outcome.GRANTED: "Goedgekeurd",
    Outcome.PARTIALLY_GRANTED: "DeelsGoedgekeurd",
    Outcome.REFUSED: "Geweigerd",
    Outcome.DISCONTINUED: "Stopgezet",
}


def _text(model: type[Model], text: Text | None) -> Model | None:
    if text is None:
        return None
    return _made(model, **({"nl": text} if isinstance(text, str) else text))


def _made(model: type[Model], **fields: object) -> Model:
    """An instance, or ``InvalidEventError``."""
    try:
        return model(**{name: value for name, value in fields.items() if value is not None})
    except ValidationError as error:
        reasons = explain(error)
    raise InvalidEventError(reasons)
