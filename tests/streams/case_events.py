"""Accepted events for tests: built by hand, small, and by Hypothesis, in every kind and order."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from casebus_schemas import (
    AcceptedEvent,
    Action,
    ActionBy,
    CaseContent,
    EventKind,
    Expected,
    Outcome,
    Phase,
    Result,
    Role,
    Sensitivity,
    ShortText,
    Status,
    Suspension,
    encode,
)

PARTY_REF = "p1.AAAAAAAAAAAAAAAAAAAAAA"
EPOCH_START = datetime(2026, 1, 1, tzinfo=UTC)


def content(
    *, phase: Phase = Phase.HANDLING, code: str = "InBehandeling", day: int = 0, title: str = "Aanvraag", **more: Any
) -> CaseContent:
    """A small content of a case."""
    return CaseContent(
        title=ShortText(nl=title),
        status=Status(
            phase=phase, code=code, occurred_at=EPOCH_START + timedelta(days=day), final=more.pop("final", None)
        ),
        sensitivity=Sensitivity.NORMAL,
        **more,
    )


def accepted(
    sequence: int,
    *,
    kind: EventKind = EventKind.STATUS_CHANGED,
    corrects: int | None = None,
    case_id: str = "case-1",
    event_id: str | None = None,
    seconds: int | None = None,
    content: CaseContent | None = None,
    roles: tuple[Role, ...] = (Role.APPLICANT,),
) -> AcceptedEvent:
    """An accepted event of one party; its digest covers what it says, as intake's does."""
    time = EPOCH_START + timedelta(seconds=sequence if seconds is None else seconds)
    said = f"{time}{kind}{corrects}{roles}".encode() + (encode(content) if content is not None else b"")
    return AcceptedEvent(
        party_ref=PARTY_REF,
        roles=roles,
        agency="OVO000001",
        case_id=case_id,
        kind=kind,
        sequence=sequence,
        corrects=corrects,
        event_id=event_id if event_id is not None else f"e{sequence}",
        time=time,
        digest=f"{zlib.crc32(said):08x}",
        source="urn:be:vlaanderen:ovo:OVO000001",
        content=content,
    )


def changed(sequence: int, *, case_id: str = "case-1", event_id: str | None = None, **said: Any) -> AcceptedEvent:
    """A status-changed event that says ``said``."""
    seconds = said.pop("seconds", None)
    return accepted(sequence, case_id=case_id, event_id=event_id, seconds=seconds, content=content(**said))


contents = st.builds(
    content,
    phase=st.sampled_from(Phase),
    code=st.sampled_from(["InBehandeling", "InWacht", "Goedgekeurd", "Onbekend"]),
    day=st.integers(0, 3),
    title=st.sampled_from(["Aanvraag", "Premie", "Erkenning €"]),
    final=st.sampled_from([None, False, True]),
    action=st.none()
    | st.builds(
        Action,
        what=st.just(ShortText(nl="Bezorg een bewijs")),
        by=st.sampled_from(ActionBy),
        due_at=st.sampled_from([None, EPOCH_START, EPOCH_START + timedelta(days=30)]),
    ),
    result=st.none() | st.builds(Result, outcome=st.sampled_from(Outcome)),
    expected=st.none() | st.just(Expected(decision_by=EPOCH_START)),
    suspension=st.none() | st.just(Suspension(since=EPOCH_START)),
)


@st.composite
def accepted_events(draw: st.DrawFn) -> AcceptedEvent:
    """Any event of one party: few sequences, ids and times, so that repetitions and conflicts are common."""
    kind = draw(st.sampled_from([EventKind.STATUS_CHANGED] * 4 + list(EventKind)))
    corrects = draw(st.integers(1, 5)) if kind is EventKind.CORRECTED else None
    sequence = draw(st.integers((corrects or 0) + 1, 7))
    carries_content = kind in (EventKind.STATUS_CHANGED, EventKind.CORRECTED)
    return accepted(
        sequence,
        kind=kind,
        corrects=corrects,
        case_id=draw(st.sampled_from(["a", "b/1"])),
        event_id=draw(st.sampled_from([f"e{sequence}", "x", "y"])),
        seconds=draw(st.sampled_from([0, 1, sequence])),
        roles=draw(st.sampled_from([(Role.APPLICANT,), (Role.APPLICANT, Role.INVOLVED)])),
        content=draw(contents) if carries_content else None,
    )
