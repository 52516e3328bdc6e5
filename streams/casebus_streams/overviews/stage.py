"""The overviews stage: accepted records in, overviews and changes out, state in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from msgspec import MsgspecError

from casebus_schemas import (
    DEFAULT_PARTITIONS,
    Clock,
    Erased,
    RetentionPolicy,
    Topics,
    UndecodableError,
    decode_control,
    encode,
    is_control_key,
)
from casebus_streams.dead_letters import dead_letter
from casebus_streams.errors import DeadLetterError, StopError
from casebus_streams.fold import Applied, OverviewFold, decode, event_key
from casebus_streams.metrics import StreamMetrics
from casebus_streams.overviews.clock_effects import clock_effects, tombstones
from casebus_streams.overviews.conflict import conflict_remark
from casebus_streams.overviews.forwarding import forwarded
from casebus_streams.overviews.outcome import OverviewsOutcome
from casebus_streams.overviews.restore import Cache, CacheRestorer
from casebus_streams.overviews.segments import CLOCK_PARTY, between_clocks, by_party
from casebus_streams.records import InRecord, OutRecord
from casebus_streams.retention.ticker import Ticker
from casebus_streams.sink import MAX_RECORD_BYTES
from casebus_streams.source import Partition
from casebus_streams.topic_directory import TopicDirectory
from casebus_streams.wire import AcceptedRecord


@dataclass(slots=True)
class _Party:
    """One party's records of a batch while they are folded: what came of them so far."""

    partition: int
    party_ref: str
    fold: OverviewFold
    written: list[OutRecord]
    effective: list[tuple[InRecord, Applied]]


class OverviewsStage:
    """Folds batches into overviews. What it knows of a partition is a cache of the overviews topic, and its clock.

    ``retention`` is the policy that it writes into the log, day by day; without one no case ever leaves.
    """

    name = "overviews"

    def __init__(
        self,
        topics: Topics,
        restorer: CacheRestorer,
        *,
        directory: TopicDirectory,
        metrics: StreamMetrics,
        epoch: int = 1,
        partitions: int = DEFAULT_PARTITIONS,
        retention: RetentionPolicy | None = None,
        ticker: Ticker | None = None,
    ) -> None:
        self._topics = topics
        self._restorer = restorer
        self._directory = directory
        self._metrics = metrics
        self._epoch = epoch
        self._partitions = partitions
        self._ticker = ticker or Ticker(topics.accepted, retention)
        self._due: frozenset[int] = frozenset()
        self._caches: dict[int, Cache] = {}
        self._clocks: dict[int, Clock] = {}
        metrics.cached.set_function(lambda: sum(map(len, list(self._caches.values()))))

    def is_due(self) -> bool:
        """Whether a partition needs a clock record."""
        due = self._ticker.due(self._caches, self._clocks)
        if due is not None:
            self._due = due
        return bool(self._due)

    def decide(self, batch: list[InRecord]) -> OverviewsOutcome:
        """Group the batch by party, fold each party's events in their order; the records come as they are folded."""
        outcome = OverviewsOutcome(ticked=set(self._due))
        outcome.records = self._records(batch, outcome)
        return outcome

    def committed(self, outcome: OverviewsOutcome) -> None:
        """The views are in the log: from here on they are the state."""
        outcome.write_to(self._caches)
        self._metrics.observe_written(outcome.largest_bytes)
        self._clocks.update(outcome.clocks)
        self._due -= outcome.ticked
        self._ticker.written(outcome.ticked)
        for partition in outcome.unfinished:
            self._ticker.again(partition)
        self._metrics.changes.inc(outcome.changes)
        self._metrics.repetitions.inc(outcome.repetitions)
        self._metrics.forwarded.inc(outcome.forwarded)
        self._metrics.retired.inc(outcome.retired)
        for agency in outcome.conflicts:
            self._metrics.conflicts.labels(agency).inc()

    def assigned(self, partitions: list[Partition]) -> None:
        """Restore the views of these partitions. Blocks."""
        with self._metrics.restoring.track_inprogress(), self._metrics.restore_seconds.time():
            self._caches.update(self._restorer.restore(partition for _, partition in partitions))

    def revoked(self, partitions: list[Partition]) -> None:
        """Drop the views of these partitions: another worker moves them on."""
        for _, partition in partitions:
            self._caches.pop(partition, None)
            self._clocks.pop(partition, None)
        numbers = {partition for _, partition in partitions}
        self._due -= numbers
        self._ticker.forget(numbers)

    def out_of_range(self, partition: Partition) -> None:
        """The accepted log is kept for ever: if a committed offset is not in it, the log was cut or made anew."""
        raise StopError(f"the committed offset of {partition[0]}-{partition[1]} is not in the log")

    def _records(self, batch: list[InRecord], outcome: OverviewsOutcome) -> Iterator[OutRecord]:
        parties = by_party(batch)
        has_clocks = any((partition, CLOCK_PARTY) in parties for partition in self._caches)
        for piece in map(by_party, between_clocks(batch)) if has_clocks else (parties,):
            for (partition, party), records in piece.items():
                if party == CLOCK_PARTY:
                    yield from self._tell_time(records[0], outcome)
                else:
                    yield from self._fold(partition, party.decode(errors="replace"), records, outcome)
        yield from self._ticker.records(outcome.ticked)

    def _fold(
        self, partition: int, party_ref: str, records: list[InRecord], outcome: OverviewsOutcome
    ) -> list[OutRecord]:
        """Fold one party's events of this batch; its overview is written once, its changes one by one."""
        fold = self._view(partition, party_ref, outcome)
        written: list[OutRecord] = []
        effective: list[tuple[InRecord, Applied]] = []
        into = fold.merged_into
        for record in records:
            try:
                event = decode(record.value or b"", party_ref)
                if into is not None:
                    written.append(self._forward(record, event, into, outcome))
                    continue
                applied = fold.apply(event, event_key(event))
            except DeadLetterError as error:
                self._refused(record, error, _Party(partition, party_ref, fold, written, effective), outcome)
                into = fold.merged_into
            except Exception as failure:
                written.append(self._dead_letter(record, "overviews.defect", type(failure).__name__))
            else:
                if applied is None:
                    outcome.repetitions += 1
                else:
                    effective.append((record, applied))
                    if applied.is_conflict:
                        written += self._remark_conflict(record, event, outcome)
        if effective:
            written += self._effects(partition, party_ref, fold.encode(), effective, outcome)
        if fold.forgotten:
            written += tombstones(self._topics, partition, fold.forgotten, records[-1].timestamp_ms)
        return written

    def _view(self, partition: int, party_ref: str, outcome: OverviewsOutcome) -> OverviewFold:
        """The fold of a party's view as it is now."""
        cache, clock = self._caches[partition], self._clocks.get(partition)
        if outcome.clocks:
            view = outcome.view(partition, party_ref, cache)
            clock = outcome.clocks.get(partition, clock)
        else:
            view = cache.get(party_ref)
        try:
            return OverviewFold.of(view, party_ref, epoch=self._epoch, clock=clock)
        except MsgspecError as error:
            raise StopError(f"an overview in partition {partition} cannot be read: the view is damaged") from error

    def _forward(self, record: InRecord, event: AcceptedRecord, into: str, outcome: OverviewsOutcome) -> OutRecord:
        outcome.forwarded += 1
        return forwarded(record, event, into, partitions=self._partitions)

    def _refused(self, record: InRecord, error: DeadLetterError, party: _Party, outcome: OverviewsOutcome) -> None:
        """No event: a control record, or a dead letter."""
        if not is_control_key(record.key or b""):
            party.written.append(self._dead_letter(record, error.reason, str(error)))
            return
        try:
            self._control(record, party, outcome)
        except UndecodableError as failure:
            party.written.append(self._dead_letter(record, "accepted.control", str(failure)))

    def _control(self, record: InRecord, party: _Party, outcome: OverviewsOutcome) -> None:
        """Erase or merge a party: no change is told, the overview goes or becomes an alias."""
        control = decode_control(record.value or b"")
        if isinstance(control, Clock) or control.party_ref != party.party_ref:
            raise UndecodableError("the record's key names another party than its value")
        party.written += self._changes(party.partition, party.party_ref, party.effective, outcome)
        party.effective.clear()
        value: bytes | None = None
        if isinstance(control, Erased):
            party.fold.erase()
            outcome.drop(party.partition, party.party_ref)
        elif party.fold.merge(control):
            value = party.fold.encode()
            outcome.put(party.partition, party.party_ref, value)
        else:
            return
        party.written.append(
            OutRecord(self._topics.overviews, party.partition, party.party_ref, value, record.timestamp_ms)
        )

    def _effects(
        self,
        partition: int,
        party_ref: str,
        value: bytes,
        effective: list[tuple[InRecord, Applied]],
        outcome: OverviewsOutcome,
    ) -> list[OutRecord]:
        if len(value) > MAX_RECORD_BYTES:
            return [self._dead_letter(record, "overview.too-large", f"{len(value)} bytes") for record, _ in effective]
        outcome.put(partition, party_ref, value)
        written = self._changes(partition, party_ref, effective, outcome)
        written.append(OutRecord(self._topics.overviews, partition, party_ref, value, effective[-1][0].timestamp_ms))
        return written

    def _changes(
        self, partition: int, party_ref: str, effective: list[tuple[InRecord, Applied]], outcome: OverviewsOutcome
    ) -> list[OutRecord]:
        outcome.changes += len(effective)
        topic = self._topics.changes
        return [
            OutRecord(topic, partition, party_ref, applied.change, record.timestamp_ms) for record, applied in effective
        ]

    def _tell_time(self, record: InRecord, outcome: OverviewsOutcome) -> Iterator[OutRecord]:
        """Move the partition's clock on. One that is behind what is known already is an old record written anew."""
        partition = record.partition
        try:
            clock = decode_control(record.value or b"")
        except UndecodableError as error:
            yield self._dead_letter(record, "accepted.control", str(error))
            return
        known = outcome.clocks.get(partition, self._clocks.get(partition))
        if not isinstance(clock, Clock) or (known is not None and clock.at < known.at):
            return
        outcome.clocks[partition] = clock
        yield from clock_effects(
            clock,
            partition,
            self._caches[partition],
            outcome,
            topics=self._topics,
            timestamp_ms=record.timestamp_ms,
        )

    def _remark_conflict(
        self, record: InRecord, event: AcceptedRecord, outcome: OverviewsOutcome
    ) -> Iterator[OutRecord]:
        """Tell the agency that two of its events claim one sequence of a case."""
        outcome.conflicts.append(event.agency)
        topic = self._topics.rejected(event.agency)
        if self._directory.has(topic, record.timestamp_ms):
            remark = conflict_remark(record, event)
            yield OutRecord(topic, -1, event.case_id, encode(remark), record.timestamp_ms)

    def _dead_letter(self, record: InRecord, reason: str, error: str) -> OutRecord:
        self._metrics.dead_letters.labels(self.name, reason).inc()
        return dead_letter(
            self._topics.dead_letters, record, stage=self.name, reason=reason, error=error, with_original=True
        )
