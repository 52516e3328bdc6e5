"""The overviews stage: accepted records in, overviews and changes out, state in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec import MsgspecError

from casebus_schemas import Position, Reason, Rejection, Topics, Verdict, encode
from casebus_streams.dead_letters import dead_letter
from casebus_streams.errors import DeadLetterError, StopError
from casebus_streams.fold import Applied, OverviewFold, decode, event_key
from casebus_streams.metrics import StreamMetrics
from casebus_streams.overviews.restore import Cache, CacheRestorer
from casebus_streams.records import InRecord, OutRecord, party_of
from casebus_streams.sink import MAX_RECORD_BYTES
from casebus_streams.source import Partition
from casebus_streams.topic_directory import TopicDirectory
from casebus_streams.wire import AcceptedRecord


@dataclass(slots=True)
class OverviewsOutcome:
    """The records to write, the views they leave behind, and what to count: known once all records were taken."""

    records: Iterator[OutRecord] = field(default_factory=lambda: iter(()))
    views: dict[int, Cache] = field(default_factory=dict)
    changes: int = 0
    repetitions: int = 0
    conflicts: list[str] = field(default_factory=list)


class OverviewsStage:
    """Folds batches into overviews. What it knows of a partition is a cache of the overviews topic."""

    name = "overviews"

    def __init__(
        self,
        topics: Topics,
        restorer: CacheRestorer,
        *,
        directory: TopicDirectory,
        metrics: StreamMetrics,
        epoch: int = 1,
    ) -> None:
        self._topics = topics
        self._restorer = restorer
        self._directory = directory
        self._metrics = metrics
        self._epoch = epoch
        self._caches: dict[int, Cache] = {}

    def decide(self, batch: list[InRecord]) -> OverviewsOutcome:
        """Group the batch by party, fold each party's events in their order; the records come as they are folded."""
        outcome = OverviewsOutcome()
        outcome.records = self._records(batch, outcome)
        return outcome

    def committed(self, outcome: OverviewsOutcome) -> None:
        """The views are in the log: from here on they are the state."""
        for partition, views in outcome.views.items():
            self._caches[partition].update(views)
        self._metrics.changes.inc(outcome.changes)
        self._metrics.repetitions.inc(outcome.repetitions)
        for agency in outcome.conflicts:
            self._metrics.conflicts.labels(agency).inc()

    def assigned(self, partitions: list[Partition]) -> None:
        """Restore the views of these partitions. Blocks."""
        with self._metrics.restore_seconds.time():
            self._caches.update(self._restorer.restore(partition for _, partition in partitions))

    def revoked(self, partitions: list[Partition]) -> None:
        """Drop the views of these partitions: another worker moves them on."""
        for _, partition in partitions:
            self._caches.pop(partition, None)

    def out_of_range(self, partition: Partition) -> None:
        """The accepted log is kept for ever: if a committed offset is not in it, the log was cut or made anew."""
        raise StopError(f"the committed offset of {partition[0]}-{partition[1]} is not in the log")

    def _records(self, batch: list[InRecord], outcome: OverviewsOutcome) -> Iterator[OutRecord]:
        for (partition, party), records in by_party(batch).items():
            yield from self._fold(partition, party.decode(errors="replace"), records, outcome)

    def _fold(
        self, partition: int, party_ref: str, records: list[InRecord], outcome: OverviewsOutcome
    ) -> list[OutRecord]:
        """Fold one party's events of this batch; its overview is written once, its changes one by one."""
        try:
            fold = OverviewFold.of(self._caches[partition].get(party_ref), party_ref, epoch=self._epoch)
        except MsgspecError as error:
            raise StopError(f"an overview in partition {partition} cannot be read: the view is damaged") from error
        written: list[OutRecord] = []
        effective: list[tuple[InRecord, Applied]] = []
        for record in records:
            try:
                event = decode(record.value or b"", party_ref)
                applied = fold.apply(event, event_key(event))
            except DeadLetterError as error:
                written.append(self._dead_letter(record, error.reason, str(error)))
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
        return written

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
        outcome.views.setdefault(partition, {})[party_ref] = value
        outcome.changes += len(effective)
        topic = self._topics.changes
        return [
            *(
                OutRecord(topic, partition, party_ref, applied.change, record.timestamp_ms)
                for record, applied in effective
            ),
            OutRecord(self._topics.overviews, partition, party_ref, value, effective[-1][0].timestamp_ms),
        ]

    def _remark_conflict(
        self, record: InRecord, event: AcceptedRecord, outcome: OverviewsOutcome
    ) -> Iterator[OutRecord]:
        """Tell the agency that two of its events claim one sequence of a case."""
        outcome.conflicts.append(event.agency)
        topic = self._topics.rejected(event.agency)
        if self._directory.has(topic):
            remark = conflict_remark(record, event)
            yield OutRecord(topic, -1, event.case_id, encode(remark), record.timestamp_ms)

    def _dead_letter(self, record: InRecord, reason: str, error: str) -> OutRecord:
        self._metrics.dead_letters.labels(self.name, reason).inc()
        return dead_letter(
            self._topics.dead_letters, record, stage=self.name, reason=reason, error=error, with_original=True
        )


def by_party(batch: list[InRecord]) -> dict[tuple[int, bytes], list[InRecord]]:
    """The batch's records per partition and party, in order, still undecoded: each is decoded just before it is folded.

    Decoding all of them first would have tens of thousands of objects leave the processor's cache and come back.
    Leaves out tombstones: an erased event's party has a tombstone of its own in the overviews.
    """
    parties: dict[tuple[int, bytes], list[InRecord]] = {}
    for record in batch:
        if record.value is not None:
            party = (record.partition, party_of(record))
            if (records := parties.get(party)) is None:
                parties[party] = [record]
            else:
                records.append(record)
    return parties


def conflict_remark(record: InRecord, event: AcceptedRecord) -> Rejection:
    """What an agency is told of two events with one sequence. Both count; it is for the agency to see why."""
    return Rejection(
        verdict=Verdict.ACCEPTED_WITH_WARNINGS,
        agency=event.agency,
        reasons=(
            Reason(
                field="sequence",
                rule="sequence.conflict",
                message="another event of this case has the same sequence; the later time wins",
            ),
        ),
        position=Position(topic=record.topic, partition=record.partition, offset=record.offset),
        event_id=event.event_id,
        case_id=event.case_id,
    )
