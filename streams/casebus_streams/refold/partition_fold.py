"""One partition's overviews, folded anew. Pure, and without changes: nobody hears of it."""

from __future__ import annotations

from dataclasses import dataclass

from casebus_schemas import Clock, Erased, UndecodableError, decode_control, is_control_key
from casebus_streams.errors import DeadLetterError
from casebus_streams.fold import OverviewFold, decode, event_key
from casebus_streams.overviews.restore import Cache
from casebus_streams.overviews.segments import between_clocks, by_party, clock_in
from casebus_streams.records import InRecord
from casebus_streams.retention.judgement import judge
from casebus_streams.sink import MAX_RECORD_BYTES

_Views = dict[str, bytes | None]


@dataclass(frozen=True, slots=True)
class Refolded:
    """A party's overview after a batch, ``None`` when it has none any more, and the time of what made it so."""

    value: bytes | None
    timestamp_ms: int


class PartitionFold:
    """Folds batches into ``views``, as the overviews stage does, but writes nothing into the log that it folds.

    What the stage forwarded is in the log, in the partition it belongs to; what it deleted may or may not be gone
    already, and has no effect any more. ``skipped`` counts the records that no code can handle; the stage has
    dead-lettered them. ``clock`` is the last clock record so far.
    """

    def __init__(self, epoch: int, views: Cache | None = None, *, clock: Clock | None = None) -> None:
        self.views: Cache = {} if views is None else views
        self.clock = clock
        self.skipped = 0
        self._epoch = epoch

    @property
    def is_thinned(self) -> bool:
        """Whether retention has been at work in this log, so that not all that was counted is there any more."""
        return self.clock is not None

    def fold(self, batch: list[InRecord]) -> dict[str, Refolded]:
        """Fold in a batch of the partition, in its order; the parties that it changed. Memory grows with parties."""
        before: _Views = {}
        changed: dict[str, int] = {}
        for piece in between_clocks(batch):
            if (tick := clock_in(piece)) is not None:
                self._tell_time(tick, before, changed)
                continue
            for (_, party), records in by_party(piece).items():
                self._fold(party.decode(errors="replace"), records, before, changed)
        return {
            party_ref: Refolded(self.views.get(party_ref), timestamp_ms)
            for party_ref, timestamp_ms in changed.items()
            if self.views.get(party_ref) != before[party_ref]
        }

    def _fold(self, party_ref: str, records: list[InRecord], before: _Views, changed: dict[str, int]) -> None:
        view = self.views.get(party_ref)
        fold, effective = OverviewFold.of(view, party_ref, epoch=self._epoch, clock=self.clock), 0
        after: bytes | None = view
        for record in records:
            try:
                event = decode(record.value or b"", party_ref)
                if fold.merged_into is None:
                    effective += fold.apply(event, event_key(event)) is not None
            except DeadLetterError:
                if not is_control_key(record.key or b"") or not self._control(record, party_ref, fold):
                    self.skipped += 1
                    continue
                effective, after = 0, None if fold.merged_into is None else fold.encode()
            except Exception:  # whatever it is, the stage has dead-lettered it and gone on
                self.skipped += 1
        if effective:
            value = fold.encode()
            if len(value) > MAX_RECORD_BYTES:
                self.skipped += effective
            else:
                after = value
        self._put(party_ref, after, records[-1].timestamp_ms, before, changed)

    def _control(self, record: InRecord, party_ref: str, fold: OverviewFold) -> bool:
        """Whether it is a control record about the party, which has then been applied."""
        try:
            control = decode_control(record.value or b"")
        except UndecodableError:
            return False
        if isinstance(control, Clock) or control.party_ref != party_ref:
            return False
        if isinstance(control, Erased):
            fold.erase()
        else:
            fold.merge(control)
        return True

    def _tell_time(self, tick: InRecord, before: _Views, changed: dict[str, int]) -> None:
        try:
            clock = decode_control(tick.value or b"")
        except UndecodableError:
            self.skipped += 1
            return
        if not isinstance(clock, Clock) or (self.clock is not None and clock.at < self.clock.at):
            return
        self.clock = clock
        for party_ref, view in list(self.views.items()):
            if (judged := judge(view, clock)) is not None:
                self._put(party_ref, judged.value, tick.timestamp_ms, before, changed)

    def _put(
        self, party_ref: str, after: bytes | None, timestamp_ms: int, before: _Views, changed: dict[str, int]
    ) -> None:
        view = self.views.get(party_ref)
        if after == view:
            return
        before.setdefault(party_ref, view)
        changed[party_ref] = timestamp_ms
        if after is None:
            self.views.pop(party_ref, None)
        else:
            self.views[party_ref] = after
