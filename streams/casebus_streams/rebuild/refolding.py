"""Folding the new overviews, a partition at a time, never further than the workers have come.

Never further: what a worker folds into overviews that already hold the event is no change, and nobody would be told.
"""

from __future__ import annotations

from collections.abc import Mapping

from confluent_kafka import TopicPartition

from casebus_schemas import Clock
from casebus_streams.errors import StopError
from casebus_streams.overviews.restore import Cache, CacheRestorer
from casebus_streams.rebuild.scope import Scope
from casebus_streams.rebuild.writer import RebuildWriter
from casebus_streams.records import OutRecord
from casebus_streams.refold.log_reader import Beat, committed_by, read_between
from casebus_streams.refold.partition_fold import PartitionFold


class Refolding:
    """How far the new overviews have come. ``events`` and ``skipped`` count this run's; ``beat`` may be replaced.

    ``is_thinned``: retention has been at work in what was folded.
    """

    def __init__(self, scope: Scope, writer: RebuildWriter, *, beat: Beat) -> None:
        self.events = 0
        self.skipped = 0
        self.is_thinned = False
        # Only of this run: one that was taken up again knows no clock until it reads the next, as a worker does.
        self._clocks: dict[int, Clock] = {}
        self._scope = scope
        self._writer = writer
        self.beat = beat
        self._restorer = CacheRestorer(scope.kafka, scope.new.overviews, beat=lambda: self.beat())
        self._positions = committed_by(scope.kafka, scope.own_group, scope.accepted, scope.partitions)

    def is_behind(self, partition: int, end: int) -> bool:
        """Whether there is anything left to fold in a partition up to ``end``."""
        return self._positions[partition] < end

    def remaining(self, ends: Mapping[int, int]) -> int:
        """How many records, at most, are left to fold up to ``ends``."""
        return sum(max(0, end - self._positions[partition]) for partition, end in ends.items())

    def fold(self, partition: int, end: int) -> Cache:
        """Fold a partition up to offset ``end``; its overviews then. Blocks. Raises ``StopError``."""
        start = self._positions[partition]
        if start > end:
            raise StopError(
                f"{self._scope.accepted}[{partition}] has been folded to {start}, the workers are back at {end}: "
                "their offsets were reset; abort this rebuild and begin anew"
            )
        fold = PartitionFold(
            self._scope.new.epoch, self._restored(partition) if start > 0 else {}, clock=self._clocks.get(partition)
        )
        for batch in read_between(
            self._scope.kafka,
            self._scope.accepted,
            partition,
            start,
            end,
            batch_records=self._scope.batch_records,
            beat=self.beat,
        ):
            records = [
                OutRecord(self._scope.new.overviews, partition, party_ref, after.value, after.timestamp_ms)
                for party_ref, after in fold.fold(batch).items()
            ]
            position = batch[-1].offset + 1
            self._writer.overviews(records, TopicPartition(self._scope.accepted, partition, position))
            self._positions[partition] = position
            self.events += len(batch)
        self.skipped += fold.skipped
        self.is_thinned = self.is_thinned or fold.is_thinned
        if fold.clock is not None:
            self._clocks[partition] = fold.clock
        return fold.views

    def _restored(self, partition: int) -> Cache:
        return self._restorer.restore([partition])[partition]
