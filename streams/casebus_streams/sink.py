"""Where a stage's records go: a transactional producer, with the consumer's offsets in the same transaction."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from casebus_producers.settings import KafkaSettings
from casebus_streams.errors import RetryError, StopError
from casebus_streams.records import OutRecord
from casebus_streams.settings import StreamSection

MAX_RECORD_BYTES = 8 * 1024 * 1024 - 4096
"""The largest record the bus writes; the topics' ``max.message.bytes`` leaves room for the batch around it."""

_COMMIT_TRIES = 5

log = structlog.get_logger(__name__)


def producer_config(kafka: KafkaSettings, section: StreamSection, stage: str) -> dict[str, str | int | float | bool]:
    """The producer of a stage."""
    return kafka.client_config(
        transactional_id=f"{kafka.topic_prefix}.{stage}.{section.worker_id or uuid.uuid4().hex}",
        transaction_timeout_ms=int(section.transaction_timeout_seconds * 1000),
        enable_idempotence=True,
        acks="all",
        compression_type="lz4",
        partitioner="murmur2_random",
        linger_ms=5,
        batch_size=1_000_000,
        message_max_bytes=MAX_RECORD_BYTES + 2048,
        queue_buffering_max_messages=2_000_000,
        queue_buffering_max_kbytes=1_048_576,
    )


class TransactionalSink:
    """Writes batches, each in one transaction that also holds the offsets it came from (KIP-447).

    The group metadata fences it: a worker that lost its partitions cannot commit anything.
    """

    def __init__(self, config: dict[str, str | int | float | bool]) -> None:
        self._config = config
        self._producer = self._fresh_producer()

    def write(self, records: Iterable[OutRecord], offsets: list[TopicPartition], consumer: Consumer) -> None:
        """Begin → produce → send offsets → commit. Blocks until the brokers have decided.

        Raises ``RetryError`` when the transaction was aborted (nothing of it will ever be visible to readers of
        committed records) and ``StopError`` when this worker must not go on.
        """
        try:
            self._producer.begin_transaction()
            self._produce(records)
            self._retrying(
                lambda: self._producer.send_offsets_to_transaction(offsets, consumer.consumer_group_metadata())
            )
            self._retrying(self._producer.commit_transaction)
        except KafkaException as failure:
            self._abort(failure.args[0])

    def _produce(self, records: Iterable[OutRecord]) -> None:
        produce = self._producer.produce
        for record in records:
            while True:
                try:
                    produce(record.topic, record.value, record.key, record.partition, timestamp=record.timestamp_ms)
                    break
                except BufferError:  # the queue is full: let some of it go, then this same record
                    self._producer.poll(0.1)
        self._producer.poll(0)

    def _retrying(self, call: Callable[[], object]) -> None:
        """A transactional call that failed without harm may be made again as it is."""
        for attempt in range(_COMMIT_TRIES):
            try:
                call()
            except KafkaException as failure:
                if not failure.args[0].retriable() or attempt == _COMMIT_TRIES - 1:
                    raise
            else:
                return

    def _abort(self, error: KafkaError) -> None:
        """Undo, and say whether the batch may be tried again."""
        log.warning("transaction_aborted", error=error.name(), reason=error.str())
        if error.code() in (KafkaError._FENCED, KafkaError.PRODUCER_FENCED):  # noqa: SLF001
            raise StopError("another worker runs with this worker_id and has fenced this one") from None
        if error.txn_requires_abort():
            try:
                self._producer.abort_transaction()
            except KafkaException as failure:
                log.warning("abort_failed", error=failure.args[0].name())
            else:
                raise RetryError(error.name())
        # Fatal, or undecided: only a new producer with the same id ends the transaction for certain.
        self._producer = self._fresh_producer()
        raise RetryError(error.name())

    def _fresh_producer(self) -> Producer:
        producer = Producer(self._config, logger=logging.getLogger("librdkafka"))
        try:
            producer.init_transactions()
        except KafkaException as failure:
            raise StopError(f"cannot begin transactions: {failure.args[0].name()}") from failure
        return producer
