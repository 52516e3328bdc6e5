"""Reading every record of topics, whatever became of its transaction: what is there is found."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, TopicPartition

from casebus_producers.settings import KafkaSettings
from casebus_streams.errors import StopError
from casebus_streams.overviews.restore import bulk_reader_config
from casebus_streams.refold.log_reader import ends_of_all

_BATCH_RECORDS = 5_000
_STALL_SECONDS = 120

Progress = Callable[[int, int], None]
"""Called with how many records have been passed, and how many there are."""


def every_record(
    kafka: KafkaSettings, places: Iterable[tuple[str, int]], *, progress: Progress = lambda _done, _of: None
) -> Iterator[Message]:
    """All records of these partitions as of now, aborted ones included, each partition in its order. Blocks.

    Raises ``StopError`` when a partition cannot be read to its end.
    """
    scan = _Scan(ends_of_all(kafka, places))
    if scan.is_over:
        return
    config = bulk_reader_config(kafka) | {"isolation.level": "read_uncommitted", "check.crcs": True}
    consumer = Consumer(config, logger=logging.getLogger("librdkafka"))
    last_progress = time.monotonic()
    try:
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for topic, partition in scan.waiting])
        while not scan.is_over:
            messages = consumer.consume(_BATCH_RECORDS, 0.2)
            if messages:
                last_progress = time.monotonic()
            elif time.monotonic() - last_progress > _STALL_SECONDS:
                raise StopError(f"reading {min(scan.waiting)[0]} makes no progress")
            yield from filter(scan.takes, messages)
            progress(scan.passed, scan.total)
    finally:
        consumer.close()


class _Scan:
    """How far each partition has been read."""

    def __init__(self, ends: dict[tuple[str, int], int]) -> None:
        self.waiting = {place: end for place, end in ends.items() if end > 0}
        self.total = sum(self.waiting.values())
        self._ends = ends
        self._reached = dict.fromkeys(self.waiting, 0)

    @property
    def is_over(self) -> bool:
        return not self.waiting

    @property
    def passed(self) -> int:
        return sum(self._reached.values())

    def takes(self, message: Message) -> bool:
        """Whether this is a record from before the end. Raises ``StopError`` for what makes reading on useless."""
        place, offset = (message.topic() or "", message.partition() or 0), message.offset() or 0
        error = message.error()
        if error is None:
            self._reached[place] = offset + 1
            return offset < self._ends[place]
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's own name
            # The position after transaction markers, which no message ever shows.
            if offset >= self.waiting.get(place, 0):
                self.waiting.pop(place, None)
        elif error.fatal() or not error.retriable():
            raise StopError(f"{place[0]} cannot be read: {error.name()}")
        return False
