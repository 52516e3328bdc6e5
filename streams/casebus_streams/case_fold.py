"""One case while an event is folded into it: where the event lands, and what the case is then. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from msgspec import UNSET, MsgspecError, Struct

from casebus_schemas import MAX_HISTORY, RollUp, roll_up
from casebus_streams import history
from casebus_streams.change_kind import party_action
from casebus_streams.errors import DeadLetterError
from casebus_streams.wire import AcceptedRecord, CaseBefore, ContentFacts, FoldedCase, HistoryPieces, decode_facts

_WITHDRAWN: Final = RollUp.WITHDRAWN.value


class Placed(Struct, gc=False, frozen=True):
    """A case's history with an event at its place."""

    history: HistoryPieces
    is_current: bool
    is_conflict: bool


def place(case: CaseBefore | None, event: AcceptedRecord, facts: ContentFacts | None) -> Placed | None:
    """Where the event lands in the case's history; ``None`` when it has no effect."""
    entry = history.entry_of(event, facts)
    if case is None:
        return Placed((entry,), is_current=True, is_conflict=False)
    if event.position > case.sequence and facts is not None:
        # Nearly every event.
        is_full = case.events >= MAX_HISTORY
        return Placed(history.append(case.history, entry, is_full=is_full), is_current=True, is_conflict=False)
    entries = history.insert(case.history, entry)
    if entries is None:
        return None
    return Placed(tuple(entries), is_current=entries[-1] is entry, is_conflict=history.has_conflict(entries, entry))


def case_after(
    before: CaseBefore | None, event: AcceptedRecord, facts: ContentFacts | None, placed: Placed
) -> FoldedCase:
    """The case with the event in it: its content, too, when the event is the current one."""
    events = before.events + 1 if before is not None else 1
    if before is not None and not placed.is_current:
        return FoldedCase(
            before.agency,
            before.case_id,
            before.roles,
            before.roll_up,
            before.sequence,
            events,
            before.content,
            placed.history,
            before.retired,
            before.ended_at,
            before.case_type,
        )
    return FoldedCase(
        event.agency,
        event.case_id,
        event.roles,
        _roll_up_of(facts),
        event.position,
        events,
        event.content if facts is not None else UNSET,
        placed.history,
        UNSET,
        UNSET,
        UNSET,
    )


def facts_of(event: AcceptedRecord) -> ContentFacts | None:
    """What the event's content says, ``None`` for an event that takes the case out of the overview.

    Raises ``DeadLetterError`` when it lacks what it should say, or cannot be read.
    """
    if event.kind in history.BARRIERS:
        return None
    if event.content is UNSET:
        raise DeadLetterError("accepted.content", f"an event of kind {event.kind} must carry the case's content")
    try:
        return decode_facts(event.content)
    except MsgspecError as error:
        raise DeadLetterError("accepted.content", str(error)) from None


def _roll_up_of(facts: ContentFacts | None) -> str:
    if facts is None:
        return _WITHDRAWN
    status = facts.status
    return _shown_as(
        status.phase, status.code, status.final, party_action(facts) is not None, facts.suspension is not UNSET
    )


@lru_cache(maxsize=4096)  # bounded: codes come from agencies
def _shown_as(phase: str, code: str, final: bool, awaits_party: bool, suspended: bool) -> str:
    return roll_up(phase, code, final=final, awaits_party=awaits_party, suspended=suspended).value
