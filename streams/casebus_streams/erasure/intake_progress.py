"""Whether intake has read what was submitted: an event still before it would come after the marker, and stay."""

from __future__ import annotations

from casebus_producers.settings import KafkaSettings
from casebus_streams.records import Partition
from casebus_streams.refold.log_reader import committed_at, read_between

Ends = dict[Partition, int]
"""Where each partition ends."""


def unread_partitions(kafka: KafkaSettings, group: str, ends: Ends) -> int:
    """In how many partitions ``group`` has not committed all before these ends. Blocks. Raises ``StopError``."""
    committed = committed_at(kafka, group, [place for place, end in ends.items() if end > 0])
    return sum(_holds_records(kafka, *place, offset, ends[place]) for place, offset in committed.items())


def _holds_records(kafka: KafkaSettings, topic: str, partition: int, start: int, end: int) -> bool:
    """Whether there is a record and not only a transaction's marker, which is never committed itself."""
    batches = read_between(kafka, topic, partition, start, end, batch_records=1, beat=lambda: None)
    return any(batches)
