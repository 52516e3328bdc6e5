"""Whether intake has read what was submitted: an event still before it would come after the marker, and stay."""

from __future__ import annotations

import logging

from confluent_kafka import Consumer, TopicPartition

from casebus_producers.settings import KafkaSettings
from casebus_streams.refold.log_reader import read_between
from casebus_streams.source import committed_offsets

Ends = dict[tuple[str, int], int]
"""Where each partition ends."""


def unread_partitions(kafka: KafkaSettings, group: str, ends: Ends) -> int:
    """In how many partitions ``group`` has not committed all before these ends. Blocks. Raises ``StopError``."""
    wanted = [TopicPartition(topic, partition) for (topic, partition), end in ends.items() if end > 0]
    if not wanted:
        return 0
    config = kafka.client_config(group_id=group, enable_auto_commit=False, isolation_level="read_committed")
    consumer = Consumer(config, logger=logging.getLogger("librdkafka"))
    try:
        committed = committed_offsets(consumer, wanted)
    finally:
        consumer.close()
    return sum(
        _holds_records(kafka, place.topic, place.partition, max(0, place.offset), ends[place.topic, place.partition])
        for place in committed
    )


def _holds_records(kafka: KafkaSettings, topic: str, partition: int, start: int, end: int) -> bool:
    """Whether there is a record and not only a transaction's marker, which is never committed itself."""
    batches = read_between(kafka, topic, partition, start, end, batch_records=1, beat=lambda: None)
    return any(batches)
