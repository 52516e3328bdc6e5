"""Restoring the cache: reading one partition of the overviews topic to its end as of now."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable

import structlog
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from casebus_producers.log_offsets import log_ends
from casebus_producers.settings import KafkaSettings
from casebus_streams.errors import StopError
from casebus_streams.topic_admin import admin_client

Cache = dict[str, bytes]
"""The overviews of one partition, by party_ref, as the bytes of their records."""

_READERS = 3
"""A client asks for more only when it has unpacked the last answer; meanwhile others are being answered."""
_BATCH_RECORDS = 1_000  # unpacked and kept while still in the processor's cache
_WAIT_SECONDS = 0.005
_METADATA_SECONDS = 30
_STALL_SECONDS = 120

log = structlog.get_logger(__name__)


class CacheRestorer:
    """Reads overviews, committed ones only, into memory. Calls ``beat`` now and then while it does."""

    def __init__(self, kafka: KafkaSettings, topic: str, *, beat: Callable[[], None] = lambda: None) -> None:
        self._kafka = kafka
        self._topic = topic
        self._beat = beat

    def restore(self, partitions: Iterable[int]) -> dict[int, Cache]:
        """The caches of these partitions. Blocks until all are read to their end as of now.

        The end is that of *all* records, so an earlier owner's open transaction is waited for (its time-out bounds
        that): what others committed after it began is visible only once it is decided. Raises ``StopError``.
        """
        started = time.monotonic()
        caches: dict[int, Cache] = {partition: {} for partition in partitions}
        ends = self._ends(caches)
        waiting = {partition: end for partition, end in ends.items() if end > 0}
        readers: list[tuple[Consumer, dict[int, int]]] = []
        try:
            for share in _shares(waiting):
                readers.append((self._reader(), share))
                self._assign(*readers[-1])
            _read_to(readers, caches, self._beat)
        except KafkaException as error:
            raise StopError(f"cannot restore {self._topic}: {error.args[0].name()}") from error
        finally:
            for consumer, _ in readers:
                consumer.close()
        seconds = time.monotonic() - started
        log.info("cache_restored", overviews=sum(map(len, caches.values())), seconds=round(seconds, 3))
        return caches

    def _reader(self) -> Consumer:
        return Consumer(bulk_reader_config(self._kafka), logger=logging.getLogger("librdkafka"))

    def _assign(self, consumer: Consumer, partitions: Iterable[int]) -> None:
        """Who leads is asked first: a partition assigned before that is known waits half a second for it."""
        consumer.list_topics(self._topic, timeout=_METADATA_SECONDS)
        consumer.assign([TopicPartition(self._topic, partition, OFFSET_BEGINNING) for partition in partitions])

    def _ends(self, partitions: Iterable[int]) -> dict[int, int]:
        try:
            return log_ends(admin_client(self._kafka), self._topic, partitions)
        except KafkaException as error:
            raise StopError(f"cannot find the end of {self._topic}: {error.args[0].name()}") from error


def bulk_reader_config(kafka: KafkaSettings) -> dict[str, str | int | float | bool]:
    """A consumer that reads committed records of partitions it is given, as fast as they come."""
    return kafka.client_config(
        group_id=f"{kafka.topic_prefix}.restore",  # required by the client; never joins, never commits
        enable_auto_commit=False,
        enable_auto_offset_store=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        enable_partition_eof=True,
        fetch_wait_max_ms=10,  # the end shows in an answer without records, which the broker holds back so long
        # Fetches small enough that the broker reads the next while this one is unpacked.
        fetch_message_max_bytes=1_048_576,
        queued_min_messages=1_000_000,
        queued_max_messages_kbytes=98_304,
        fetch_queue_backoff_ms=2,  # of 1,000: a full queue has room again after some milliseconds
        check_crcs=False,
    )


def _shares(waiting: dict[int, int]) -> list[dict[int, int]]:
    """``waiting`` dealt out to the readers."""
    dealt = [dict(list(waiting.items())[number::_READERS]) for number in range(_READERS)]
    return [share for share in dealt if share]


def _read_to(
    readers: list[tuple[Consumer, dict[int, int]]], caches: dict[int, Cache], beat: Callable[[], None]
) -> None:
    """Read until every partition that a reader waits for is past its end."""
    last_progress = time.monotonic()
    while readers := [(consumer, waiting) for consumer, waiting in readers if waiting]:
        for consumer, waiting in readers:
            beat()
            messages = consumer.consume(_BATCH_RECORDS, _WAIT_SECONDS)
            if messages:
                last_progress = time.monotonic()
            elif time.monotonic() - last_progress > _STALL_SECONDS:
                still = sorted(partition for _, waiting in readers for partition in waiting)
                raise StopError(f"restoring partitions {still} makes no progress")
            for message in messages:
                if (error := message.error()) is None:
                    _keep(message, caches)
                else:
                    _handle_error(error, message, waiting)


def _keep(message: Message, caches: dict[int, Cache]) -> None:
    key, value = message.key(), message.value()
    if key is None:
        return
    if value is None:
        caches[message.partition() or 0].pop(key.decode(), None)
    else:
        caches[message.partition() or 0][key.decode()] = value


def _handle_error(error: KafkaError, message: Message, waiting: dict[int, int]) -> None:
    partition = message.partition() or 0
    if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's own name
        # The position after aborted records and transaction markers, which no message ever shows.
        if (message.offset() or 0) >= waiting.get(partition, 0):
            waiting.pop(partition, None)
    elif error.fatal():
        raise StopError(f"restoring cannot go on: {error.name()}")
    else:
        log.warning("restore_error", error=error.name(), partition=partition)
