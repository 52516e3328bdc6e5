"""Reading a stretch of one partition, between two offsets, whoever else reads or writes there."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

import structlog
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from casebus_producers.log_offsets import log_ends, log_ends_of, log_offsets_since
from casebus_producers.settings import KafkaSettings
from casebus_streams.errors import StopError
from casebus_streams.overviews.restore import bulk_reader_config
from casebus_streams.records import InRecord, Partition
from casebus_streams.source import committed_offsets, consume_available
from casebus_streams.topic_admin import admin_client

_STALL_SECONDS = 120
_METADATA_SECONDS = 30
_HOPELESS = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.TOPIC_AUTHORIZATION_FAILED)

log = structlog.get_logger(__name__)

Beat = Callable[[], None]
"""Called now and then during long work, to show that it goes on."""


def read_between(
    kafka: KafkaSettings, topic: str, partition: int, start: int, end: int, *, batch_records: int, beat: Beat
) -> Iterator[list[InRecord]]:
    """The committed records from offset ``start`` up to, not including, ``end``, in batches, in order.

    Blocks until the log has been read so far; an open transaction before ``end`` is waited for. Raises ``StopError``.
    """
    if start >= end:
        return
    consumer = Consumer(bulk_reader_config(kafka), logger=logging.getLogger("librdkafka"))
    try:
        # Who leads is asked first: a partition assigned before that is known waits half a second for it.
        consumer.list_topics(topic, timeout=_METADATA_SECONDS)
        consumer.assign([TopicPartition(topic, partition, start or OFFSET_BEGINNING)])
        position, last_progress = start, time.monotonic()
        while position < end:
            beat()
            batch: list[InRecord] = []
            for message in chain.from_iterable(consume_available(consumer, batch_records, 0.5)):
                position = max(position, _take(message, end, batch))
                last_progress = time.monotonic()
            if batch:
                yield batch
            elif time.monotonic() - last_progress > _STALL_SECONDS:
                raise StopError(f"reading {topic}[{partition}] makes no progress")
    except KafkaException as error:
        raise StopError(f"{topic}[{partition}] cannot be read: {error.args[0].name()}") from error
    finally:
        consumer.close()


def committed_by(kafka: KafkaSettings, group: str, topic: str, partitions: int) -> dict[int, int]:
    """As ``committed_at``, for the first ``partitions`` of one topic."""
    found = committed_at(kafka, group, [(topic, number) for number in range(partitions)])
    return {number: offset for (_, number), offset in found.items()}


def committed_at(kafka: KafkaSettings, group: str, places: Iterable[Partition]) -> dict[Partition, int]:
    """The offset that ``group`` has committed for each partition, 0 where it has not. Blocks.

    An open transaction of the group is waited for: what it says may yet count. Raises ``StopError``.
    """
    wanted = [TopicPartition(*place) for place in places]
    if not wanted:
        return {}
    config = kafka.client_config(group_id=group, enable_auto_commit=False, isolation_level="read_committed")
    consumer = Consumer(config, logger=logging.getLogger("librdkafka"))
    try:
        return {(each.topic, each.partition): max(0, each.offset) for each in committed_offsets(consumer, wanted)}
    finally:
        consumer.close()


def partition_count(kafka: KafkaSettings, topic: str) -> int:
    """How many partitions ``topic`` has. Blocks. Raises ``StopError`` when there is no such topic."""
    try:
        found = admin_client(kafka).list_topics(topic, timeout=10).topics[topic]
    except KafkaException as error:
        raise StopError(f"Kafka cannot be asked about {topic}: {error.args[0].name()}") from error
    if found.error is not None:
        raise StopError(f"topic {topic}: {found.error.name()}")
    return len(found.partitions)


def ends_of(kafka: KafkaSettings, topic: str, partitions: int) -> dict[int, int]:
    """Where each partition's committed records end as of now. Blocks. Raises ``StopError``."""
    try:
        return log_ends(admin_client(kafka), topic, range(partitions), isolation_level=IsolationLevel.READ_COMMITTED)
    except KafkaException as error:
        raise StopError(f"cannot find the end of {topic}: {error.args[0].name()}") from error


def ends_of_all(kafka: KafkaSettings, places: Iterable[Partition]) -> dict[Partition, int]:
    """Where these partitions end, undecided transactions included. Blocks. Raises ``StopError``."""
    try:
        return log_ends_of(admin_client(kafka), places)
    except KafkaException as error:
        raise StopError(f"cannot find the end of the topics: {error.args[0].name()}") from error


def offsets_since(kafka: KafkaSettings, places: Iterable[Partition], moment_ms: int) -> dict[Partition, int]:
    """The first record of each partition with this timestamp or a later one, if there is any. Blocks.

    Raises ``StopError``.
    """
    try:
        return log_offsets_since(admin_client(kafka), places, moment_ms)
    except KafkaException as error:
        raise StopError(f"cannot find a moment in the topics: {error.args[0].name()}") from error


def _take(message: Message, end: int, batch: list[InRecord]) -> int:
    """Add a record before ``end`` to the batch; the position after it, or that of the partition's end."""
    error, offset = message.error(), message.offset() or 0
    if error is None:
        if offset < end:
            batch.append(_record(message))
        return offset + 1
    if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's own name
        return offset
    if error.fatal() or error.code() in _HOPELESS:
        raise StopError(f"{message.topic()} cannot be read: {error.name()}")
    log.warning("read_error", topic=message.topic(), partition=message.partition(), error=error.name())
    return 0


def _record(message: Message) -> InRecord:
    return InRecord(
        message.topic() or "",
        message.partition() or 0,
        message.offset() or 0,
        message.key(),
        message.value(),
        message.timestamp()[1],
    )
