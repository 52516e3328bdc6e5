"""Verifying one partition, while events keep flowing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from casebus_producers.settings import KafkaSettings
from casebus_schemas import Topics, is_clock_key
from casebus_streams.overviews.restore import Cache, CacheRestorer
from casebus_streams.records import InRecord, party_of
from casebus_streams.refold.comparison import Difference
from casebus_streams.refold.log_reader import Beat, committed_by, read_between
from casebus_streams.refold.partition_fold import PartitionFold
from casebus_streams.verification.suspect import judge


@dataclass(slots=True)
class PartitionResult:
    """What a partition's verification found. ``moved_on``: parties that were right only some events after the cut."""

    parties: int = 0
    moved_on: int = 0
    differences: list[Difference] = field(default_factory=list)


class PartitionCheck:
    """Verifies partitions of the live overviews. Keeps one partition's overviews in memory, twice.

    ``events``: how many have been folded so far.
    """

    def __init__(
        self, kafka: KafkaSettings, topics: Topics, *, partitions: int, batch_records: int, beat: Beat
    ) -> None:
        self._kafka = kafka
        self.events = 0
        self._topics = topics
        self._partitions = partitions
        self._batch_records = batch_records
        self._beat = beat
        self._restorer = CacheRestorer(kafka, topics.overviews, beat=beat)

    def committed(self) -> dict[int, int]:
        """How far the overviews stage has come, by partition. Blocks."""
        return committed_by(self._kafka, f"{self._topics.prefix}.overviews", self._topics.accepted, self._partitions)

    def check(self, partition: int) -> PartitionResult:
        """Cut → read the live overviews → fold the log to the cut → fold the suspects on. Blocks.

        The live overviews are read after the offset of the cut and before ``latest``, so each of them is the state
        of its party after some event between the two. Raises ``StopError``.
        """
        cut = self.committed()[partition]
        live = self._restorer.restore([partition])[partition]
        latest = self.committed()[partition]
        result = PartitionResult(parties=len(live))
        expected = self._fold(partition, cut)
        views = expected.views
        suspects = {ref for ref in live.keys() | views.keys() if live.get(ref) != views.get(ref)}
        self._judge(suspects, expected, live, self._later(partition, suspects, cut, latest), result)
        return result

    def _fold(self, partition: int, cut: int) -> PartitionFold:
        fold = PartitionFold(self._topics.epoch)
        for batch in self._read(partition, 0, cut):
            fold.fold(batch)
            self.events += len(batch)
        return fold

    def _later(self, partition: int, suspects: set[str], cut: int, latest: int) -> dict[str, list[InRecord]]:
        """The suspects' records, and all clock records, between the cut and the latest commit."""
        events: dict[str, list[InRecord]] = {}
        if suspects:
            for batch in self._read(partition, cut, latest):
                for record in batch:
                    if is_clock_key(record.key or b""):
                        for party_ref in suspects:
                            events.setdefault(party_ref, []).append(record)
                    elif (party_ref := party_of(record).decode(errors="replace")) in suspects:
                        events.setdefault(party_ref, []).append(record)
        return events

    def _judge(
        self,
        suspects: set[str],
        expected: PartitionFold,
        live: Cache,
        later: dict[str, list[InRecord]],
        result: PartitionResult,
    ) -> None:
        for ref in sorted(suspects):
            self._beat()
            found = live.get(ref)
            difference = judge(
                ref,
                expected.views.get(ref),
                later.get(ref, ()),
                found,
                epoch=self._topics.epoch,
                clock=expected.clock,
            )
            if difference is None:
                result.moved_on += 1
            else:
                result.differences.append(difference)

    def _read(self, partition: int, start: int, end: int) -> Iterable[list[InRecord]]:
        return read_between(
            self._kafka,
            self._topics.accepted,
            partition,
            start,
            end,
            batch_records=self._batch_records,
            beat=self._beat,
        )
