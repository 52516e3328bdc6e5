"""Reads what the bus wrote: whole topics, from the first record to the last, committed ones only."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import orjson
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from casebus_producers.settings import KafkaSettings

_BATCH = 10_000
_CATCH_UP_SECONDS = 0.2


def read_topics(
    kafka: KafkaSettings,
    topics: Iterable[str],
    take: Callable[[str, Any], None],
    *,
    is_complete: Callable[[], bool],
    timeout_seconds: float,
) -> None:
    """Hand every record (its key as text, its value as parsed JSON) to ``take``.

    Ends when all partitions are read to their end and ``is_complete`` says so, or after ``timeout_seconds``: whether
    something is missing is for the caller to find. Blocks. Raises ``KafkaException``.
    """
    consumer = Consumer(
        kafka.client_config(
            group_id="casebus-demo",
            enable_auto_commit=False,
            isolation_level="read_committed",
            enable_partition_eof=True,
        )
    )
    try:
        partitions = _partitions(consumer, topics)
        consumer.assign([TopicPartition(topic, number, 0) for topic, number in partitions])
        unfinished = set(partitions)
        deadline = time.monotonic() + timeout_seconds
        while (unfinished or not is_complete()) and time.monotonic() < deadline:
            for message in consumer.consume(_BATCH, _CATCH_UP_SECONDS):
                error = message.error()
                place = (message.topic() or "", message.partition() or 0)
                if error is None:
                    unfinished.add(place)
                    value = message.value()
                    take((message.key() or b"").decode(), None if value is None else orjson.loads(value))
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the client's public name for it
                    unfinished.discard(place)
                else:
                    raise KafkaException(error)
    finally:
        consumer.close()


def _partitions(consumer: Consumer, topics: Iterable[str]) -> list[tuple[str, int]]:
    known = consumer.list_topics(timeout=10).topics
    return [(topic, number) for topic in topics for number in known[topic].partitions]
