"""How far a stage's consumer is behind, from what client and brokers have said already: nothing is waited for."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping

from confluent_kafka import Consumer, TopicPartition

from casebus_producers.lag import LagMeter
from casebus_streams.end_watch import EndWatch
from casebus_streams.records import InRecord, Partition

LOOK_EVERY_SECONDS = 1.0


class SourceLag:
    """Keeps ``meter`` up to date. The stage's thread only; the meter may be read from any."""

    def __init__(self, end_watch: EndWatch | None = None) -> None:
        self._end_watch = end_watch
        self.meter: LagMeter[Partition] = LagMeter()
        self._positions: dict[Partition, int] = {}
        self._ends: dict[Partition, int] = {}
        self._last: dict[Partition, InRecord] = {}
        self._looked_at = -LOOK_EVERY_SECONDS

    def assigned(self, starts: Iterable[TopicPartition]) -> None:
        """These partitions are read from here on."""
        self._positions.update({(start.topic, start.partition): max(0, start.offset) for start in starts})

    def revoked(self, partitions: Collection[Partition], *, is_empty_handed: bool) -> None:
        """These partitions are somebody else's, and ``is_empty_handed`` when nothing is left in the batch."""
        for partition in partitions:
            self._positions.pop(partition, None)
            self._ends.pop(partition, None)
            self._last.pop(partition, None)
        if is_empty_handed:
            self.meter.dropped()

    def reached_end(self, partition: Partition, end: int) -> None:
        """All that can be read before ``end`` was taken; what else lies there are transaction markers."""
        self._ends[partition] = end

    def sending(self, last: dict[Partition, InRecord]) -> None:
        """These are the last records of the batch that is being handled."""
        self._last = last

    def committed(self) -> None:
        """That batch is in the log."""
        self._positions.update({partition: record.offset + 1 for partition, record in self._last.items()})
        self.meter.settled({partition: record.timestamp_ms for partition, record in self._last.items()})
        self._last = {}

    def look(self, consumer: Consumer) -> None:
        """To be called once for each batch; looks at every partition, at most once a second. Does not block."""
        now = time.monotonic()
        if now - self._looked_at >= LOOK_EVERY_SECONDS:
            self._looked_at = now
            self.meter.observe(self._behind(consumer))

    def _behind(self, consumer: Consumer) -> Mapping[Partition, int | None]:
        asked = {} if self._end_watch is None else self._end_watch.ends(self._positions.keys())
        behind: dict[Partition, int | None] = {}
        for partition, position in self._positions.items():
            watermarks = consumer.get_watermark_offsets(TopicPartition(*partition), cached=True)
            end = max(watermarks[1] if watermarks else -1, asked.get(partition, -1))
            read_to = position if partition in self._last else max(position, self._ends.get(partition, 0))
            behind[partition] = max(0, end - read_to) if end >= 0 else None
        return behind
