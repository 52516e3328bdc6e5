"""The fold: accepted events into a party's overview. No clock, no I/O, no Kafka.

Its laws (property tests hold it to them):

1. idempotent: an event applied again changes nothing and reports no change;
2. order-insensitive: the same set of events, in any order and with any repetition, gives byte-identical overviews;
3. replay = live: follows from 1 and 2, also over a log that compaction has thinned;
4. a late event enters the history and never pushes the current status back;
5. ``version`` rises by one for each effective change;
6. of two events of a case with one sequence the later ``time``, then the greater id, wins.

Law 2 with a bounded history: it holds to the byte as long as no event arrives after ``MAX_HISTORY`` greater ones of
its case. Beyond that, everything but ``version``, ``events`` and ``updated_at`` still depends on the set alone; those
three then also tell which events arrived in time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from msgspec import UNSET, MsgspecError, Raw, Struct

from casebus_schemas import MAX_HISTORY, RollUp, roll_up
from casebus_streams import history
from casebus_streams.change_kind import HISTORY_AMENDED, classify, party_action
from casebus_streams.errors import DeadLetterError
from casebus_streams.wire import (
    AcceptedRecord,
    CaseRecord,
    CaseStateRecord,
    ChangeRecord,
    ContentFacts,
    OverviewRecord,
    decode_accepted,
    decode_case,
    decode_facts,
    decode_overview,
    encode,
)

_WITHDRAWN: Final = RollUp.WITHDRAWN.value


class Applied(Struct, gc=False, frozen=True):
    """What one effective event did: the change to publish, and whether it conflicts with another event."""

    change: bytes
    is_conflict: bool


def apply(overview: bytes | None, event: bytes, *, epoch: int = 1) -> tuple[bytes | None, bytes | None]:
    """``overview`` after ``event``, and the change, or ``None`` where the event has no effect.

    ``overview`` is ``None`` for a party without one. Raises ``DeadLetterError`` for an event that cannot be read.
    """
    record = decode(event)
    fold = OverviewFold.of(overview, record.party_ref, epoch=epoch)
    applied = fold.apply(record, event_key(record))
    return (fold.encode(), applied.change) if applied is not None else (overview, None)


def decode(event: bytes, party_ref: str | None = None) -> AcceptedRecord:
    """The accepted event in a record's value. Raises ``DeadLetterError``, also when it is not about ``party_ref``."""
    try:
        record = decode_accepted(event)
    except MsgspecError as error:
        raise DeadLetterError("accepted.undecodable", str(error)) from None
    if party_ref is not None and record.party_ref != party_ref:
        raise DeadLetterError("accepted.key", "the record's key names another party than its value")
    return record


def event_key(event: AcceptedRecord) -> str:
    """The record key of an accepted event, which is also the id of its change."""
    return f"{event.party_ref}/{event.agency}/{event.case_id}/{event.sequence}/{event.event_id}/{event.digest}"


class OverviewFold:
    """One party's overview while a batch of events is folded into it.

    Decodes the overview once, each touched case once, and encodes them once, however many events there are.
    """

    __slots__ = ("_overview", "_touched")

    def __init__(self, overview: OverviewRecord) -> None:
        self._overview = overview
        self._touched: dict[str, CaseRecord] = {}

    @classmethod
    def of(cls, overview: bytes | None, party_ref: str, *, epoch: int) -> OverviewFold:
        """The fold of one party's overview: its bytes, or ``None`` for a party without one.

        Raises ``msgspec.MsgspecError`` when the bytes are not an overview: the view itself is damaged.
        """
        if overview is None:
            return cls(OverviewRecord(party_ref=party_ref, epoch=epoch, version=0, updated_at="", cases={}))
        return cls(decode_overview(overview))

    def apply(self, event: AcceptedRecord, change_id: str) -> Applied | None:
        """Fold one event in; ``None`` when it has no effect. Raises ``DeadLetterError``, having changed nothing."""
        case_key = f"{event.agency}/{event.case_id}"
        before = self._case(case_key)
        facts = _facts_of(event)
        placed = _place(before, event, facts)
        if placed is None:
            return None
        after = _case_after(before, event, facts, placed)
        kind = _kind_of_change(before, event, facts, after, is_current=placed.is_current)
        self._touched[case_key] = after
        self._overview.version += 1
        if event.time[:-1] > self._overview.updated_at[:-1]:
            self._overview.updated_at = event.time
        return Applied(self._change(event, change_id, kind, before, after), placed.is_conflict)

    def encode(self) -> bytes:
        """The overview as it stands, as a record's value."""
        cases = self._overview.cases
        is_grown = False
        for key, case in self._touched.items():
            is_grown = is_grown or key not in cases
            cases[key] = Raw(encode(case))
        if is_grown:
            self._overview.cases = dict(sorted(cases.items()))
        return encode(self._overview)

    def _case(self, key: str) -> CaseRecord | None:
        if (touched := self._touched.get(key)) is not None:
            return touched
        raw = self._overview.cases.get(key)
        return decode_case(raw) if raw is not None else None

    def _change(
        self, event: AcceptedRecord, change_id: str, kind: str, before: CaseRecord | None, after: CaseRecord
    ) -> bytes:
        return encode(
            ChangeRecord(
                change_id=change_id,
                kind=kind,
                party_ref=event.party_ref,
                agency=event.agency,
                case_id=event.case_id,
                roles=event.roles,
                event_id=event.event_id,
                event_kind=event.kind,
                sequence=event.sequence,
                time=event.time,
                epoch=self._overview.epoch,
                version=self._overview.version,
                traceparent=event.traceparent,
                reason=event.reason,
                before=UNSET if before is None else CaseStateRecord(before.roll_up, before.content),
                after=CaseStateRecord(after.roll_up, after.content),
            )
        )


class _Placed(Struct, gc=False, frozen=True):
    history: Raw
    is_current: bool
    is_conflict: bool


def _place(case: CaseRecord | None, event: AcceptedRecord, facts: ContentFacts | None) -> _Placed | None:
    """Where the event lands in the case's history; ``None`` when it has no effect."""
    entry = history.entry_of(event, facts)
    if case is None:
        return _Placed(Raw(encode([entry])), is_current=True, is_conflict=False)
    if event.position > case.sequence and facts is not None:
        # Nearly every event.
        is_full = case.events >= MAX_HISTORY
        return _Placed(history.append(case.history, entry, is_full=is_full), is_current=True, is_conflict=False)
    entries = history.insert(case.history, entry)
    if entries is None:
        return None
    return _Placed(
        Raw(encode(entries)), is_current=entries[-1] is entry, is_conflict=history.has_conflict(entries, entry)
    )


def _case_after(
    before: CaseRecord | None, event: AcceptedRecord, facts: ContentFacts | None, placed: _Placed
) -> CaseRecord:
    """The case with the event in it: its content, too, when the event is the current one."""
    events = before.events + 1 if before is not None else 1
    if before is not None and not placed.is_current:
        return CaseRecord(
            agency=before.agency,
            case_id=before.case_id,
            roles=before.roles,
            roll_up=before.roll_up,
            sequence=before.sequence,
            events=events,
            content=before.content,
            history=placed.history,
        )
    return CaseRecord(
        agency=event.agency,
        case_id=event.case_id,
        roles=event.roles,
        roll_up=_roll_up_of(facts),
        sequence=event.position,
        events=events,
        content=event.content if facts is not None else UNSET,
        history=placed.history,
    )


def _kind_of_change(
    before: CaseRecord | None,
    event: AcceptedRecord,
    facts: ContentFacts | None,
    after: CaseRecord,
    *,
    is_current: bool,
) -> str:
    if not is_current:
        return HISTORY_AMENDED
    if before is None or before.content is UNSET:
        return classify(event, before=None, before_roll_up=None, after=facts, after_roll_up=after.roll_up)
    shown = decode_facts(before.content)
    return classify(event, before=shown, before_roll_up=before.roll_up, after=facts, after_roll_up=after.roll_up)


def _facts_of(event: AcceptedRecord) -> ContentFacts | None:
    """What the event's content says, ``None`` for an event that takes the case out of the overview."""
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
