"""The fold: accepted events into a party's overview. No clock but the log's own, no I/O, no Kafka.

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

With control records (``casebus_schemas.control``) the laws hold like this:

* *erased*: the overview is what the events after the last such marker make of it, as if there had been no others.
* *merged*: the overview is an alias, whatever events come before or after the marker; they are folded in under the
  other party. An alias' ``version`` is one above what it was before, so it alone depends on what came before.
* *clock*: law 2 holds for the set of events together with the last clock record before each of them or after it: a
  case is retired when its current state is past its time at that clock, no matter when it is judged. Only ``version``
  also counts the clocks that had an effect, and ``updated_at`` may be of a case that was forgotten since. An event of a
  forgotten case begins the case anew, unless it is itself past its time in the log: then it has no effect and is
  forgotten at once. Law 3 holds over a log that forgets as long as no record comes again: one that is sent again after
  its case would have been forgotten without it is all that a compacted log has left of that case.
"""

from __future__ import annotations

from typing import cast

from msgspec import UNSET, MsgspecError, Raw, Struct

from casebus_schemas import Clock, Merged
from casebus_streams.case_fold import case_after, facts_of, place
from casebus_streams.change_kind import HISTORY_AMENDED, classify
from casebus_streams.errors import DeadLetterError
from casebus_streams.retention.ending import is_forgotten, retired
from casebus_streams.wire import (
    AcceptedRecord,
    CaseBefore,
    CaseStateRecord,
    ChangeRecord,
    ContentFacts,
    FoldedCase,
    OverviewRecord,
    decode_accepted,
    decode_case,
    decode_overview,
    decode_shown,
    encode,
    encode_overview,
)


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
    ``forgotten``: the keys of events that are past their time in the log already, and are to be removed from it.
    """

    __slots__ = ("_clock", "_overview", "_touched", "forgotten")

    def __init__(self, overview: OverviewRecord, clock: Clock | None = None) -> None:
        self._overview = overview
        self._clock = clock
        self._touched: dict[str, FoldedCase] = {}
        self.forgotten: list[str] = []

    @classmethod
    def of(cls, overview: bytes | None, party_ref: str, *, epoch: int, clock: Clock | None = None) -> OverviewFold:
        """The fold of one party's overview: its bytes, or ``None`` for a party without one.

        ``clock`` is the last clock record before the events. Raises ``msgspec.MsgspecError`` when the bytes are not an
        overview: the view itself is damaged.
        """
        if overview is None:
            return cls(_nothing_of(party_ref, epoch), clock)
        return cls(decode_overview(overview), clock)

    @property
    def merged_into(self) -> str | None:
        """The party of which this one is an alias: its events must be folded in there, not here."""
        into = self._overview.merged_into
        return None if into is UNSET else into

    def apply(self, event: AcceptedRecord, change_id: str) -> Applied | None:
        """Fold one event in; ``None`` when it has no effect. Raises ``DeadLetterError``, having changed nothing."""
        case_key = f"{event.agency}/{event.case_id}"
        before = self._case(case_key)
        facts = facts_of(event)
        placed = place(before, event, facts)
        if placed is None:
            return None
        after = case_after(before, event, facts, placed)
        if (clock := self._clock) is not None:
            after = retired(after, clock)
            if before is None and is_forgotten(after, clock):
                self.forgotten.append(change_id)
                return None
        kind = _kind_of_change(before, event, facts, after, is_current=placed.is_current)
        self._touched[case_key] = after
        self._overview.version += 1
        if event.time[:-1] > self._overview.updated_at[:-1]:
            self._overview.updated_at = event.time
        # The agency was told of a moved event's conflict when it was news.
        is_conflict = placed.is_conflict and event.moved_from is UNSET
        return Applied(self._change(event, change_id, kind, before, after), is_conflict)

    def erase(self) -> None:
        """Forget everything, also that it is an alias."""
        self._touched = {}
        self._overview = _nothing_of(self._overview.party_ref, self._overview.epoch)

    def merge(self, marker: Merged) -> bool:
        """Make it an alias; whether that has an effect."""
        if self.merged_into == marker.into:
            return False
        overview = self._overview
        self._touched = {}
        self._overview = OverviewRecord(
            party_ref=overview.party_ref,
            epoch=overview.epoch,
            version=overview.version + 1,
            updated_at=marker.at.isoformat().replace("+00:00", "Z"),
            cases={},
            merged_into=marker.into,
        )
        return True

    def encode(self) -> bytes:
        """The overview as it stands, as a record's value."""
        cast("dict[str, Raw | FoldedCase]", self._overview.cases).update(self._touched)
        return encode_overview(self._overview)

    def _case(self, key: str) -> CaseBefore | None:
        if (touched := self._touched.get(key)) is not None:
            return touched
        raw = self._overview.cases.get(key)
        return decode_case(raw) if raw is not None else None

    def _change(
        self, event: AcceptedRecord, change_id: str, kind: str, before: CaseBefore | None, after: FoldedCase
    ) -> bytes:
        return encode(
            ChangeRecord(
                change_id,
                kind,
                event.party_ref,
                event.agency,
                event.case_id,
                event.roles,
                event.event_id,
                event.kind,
                event.sequence,
                event.time,
                self._overview.epoch,
                self._overview.version,
                event.traceparent,
                event.reason,
                UNSET if before is None else CaseStateRecord(before.roll_up, before.content),
                CaseStateRecord(after.roll_up, after.content),
                event.moved_from,
            )
        )


def _nothing_of(party_ref: str, epoch: int) -> OverviewRecord:
    return OverviewRecord(party_ref=party_ref, epoch=epoch, version=0, updated_at="", cases={})


def _kind_of_change(
    before: CaseBefore | None,
    event: AcceptedRecord,
    facts: ContentFacts | None,
    after: FoldedCase,
    *,
    is_current: bool,
) -> str:
    if not is_current or event.moved_from is not UNSET or after.retired is not UNSET:
        return HISTORY_AMENDED
    if before is None or before.content is UNSET:
        return classify(event, before=None, before_roll_up=None, after=facts, after_roll_up=after.roll_up)
    shown = decode_shown(before.content)
    return classify(event, before=shown, before_roll_up=before.roll_up, after=facts, after_roll_up=after.roll_up)
