"""Where a stage's records go: a transactional producer, with the consumer's offsets in the same transaction."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterable

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from casebus_producers.settings import KafkaSettings
from casebus_streams.call_thread import Call, CallThread
from casebus_streams.errors import RetryError, StopError, UndecidedError
from casebus_streams.records import OutRecord
from casebus_streams.settings import StreamSection

MAX_RECORD_BYTES = 8 * 1024 * 1024 - 4096
"""The largest record the bus writes; the topics' ``max.message.bytes`` leaves room for the batch around it."""

_PRODUCERS = 2
_BACKLOG_RECORDS = 5_000
_POLL_EVERY_RECORDS = 50
"""How often the client is polled while a backlog is handed over. There is next to nothing to hear, but its own threads
come to their turn: without, 11 % fewer events a second; every 16 or 200 records is worse, too. Only in a backlog,
because another stage in the same process may take its turn as well, and keeps it for 5 ms."""
_CALL_TRIES = 2
_CALL_SECONDS = 10.0
"""How long one transactional call may take. Without a limit the client can wait for ever for a coordinator that a
broker's restart has made it lose."""
_OFFSETS_SECONDS = 5.0
"""The same for sending offsets, whose limit does not always hold (librdkafka 5456): see ``_STUCK_SECONDS``."""
_STUCK_SECONDS = 7.0
"""When the sending of offsets has not returned by then, it never will."""
_TRUSTED_SECONDS = 1.0

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
        linger_ms=2,  # while the transaction hears of its partitions anyway; with less, and with 5, events took longer
        batch_size=1_000_000,
        message_max_bytes=MAX_RECORD_BYTES + 2048,
        delivery_report_only_error=True,  # the commit says the rest; its threads let go of what was confirmed
        queue_buffering_max_messages=2_000_000,
        queue_buffering_max_kbytes=1_048_576,
    )


class TransactionalSink:
    """Writes batches, each in one transaction that also holds the offsets it came from (KIP-447).

    The group metadata fences it: a worker that lost its partitions cannot commit anything.

    Two producers take turns, one transaction at a time. A commit is answered before the brokers have written all of
    its markers, and until they have, the same producer's next transaction is refused and tried again 100 ms later:
    under steady traffic that was most of an event's latency.

    ``offsets_call`` makes the one call that may never return; by default in a thread that is then left alone with it.
    """

    def __init__(
        self, config: dict[str, str | int | float | bool], *, offsets_call: Callable[[Call], object] | None = None
    ) -> None:
        self._config = config
        name = f"{threading.current_thread().name}-offsets"
        self._offsets_call = offsets_call or CallThread(name, limit_seconds=_STUCK_SECONDS)
        self._doubted: set[int] = set()
        self._made_at = [0.0] * _PRODUCERS
        self._producers = [self._fresh_producer(number) for number in range(_PRODUCERS)]
        self._turn = 0
        self.written = 0
        """How many records the last transaction held."""

    def write(self, records: Iterable[OutRecord], offsets: list[TopicPartition], consumer: Consumer) -> None:
        """Begin → produce → send offsets → commit. Blocks until the brokers have decided.

        Raises ``RetryError`` when the transaction was aborted (nothing of it will ever be visible to readers of
        committed records), ``UndecidedError`` when it has ended and the offsets must tell how, and ``StopError``
        when this worker must not go on.
        """
        self._turn = (self._turn + 1) % _PRODUCERS
        if self._is_doubtful():
            self._producers[self._turn] = self._fresh_producer(self._turn)
        try:
            self._producer.begin_transaction()
            self._produce(records)
            if self._is_doubtful():
                raise KafkaException(
                    KafkaError(KafkaError._TRANSPORT, "a connection was lost", txn_requires_abort=True)  # noqa: SLF001
                )
            self._retrying(lambda: self._send_offsets(offsets, consumer))
        except KafkaException as failure:
            self._end_transaction(failure.args[0])
            raise RetryError(failure.args[0].name()) from failure
        try:
            self._retrying(lambda: self._producer.commit_transaction(_CALL_SECONDS))
        except KafkaException as failure:
            # The brokers may have committed and only the answer got lost.
            self._end_transaction(failure.args[0])
            raise UndecidedError(failure.args[0].name()) from failure

    @property
    def _producer(self) -> Producer:
        return self._producers[self._turn]

    def _produce(self, records: Iterable[OutRecord]) -> None:
        produce, poll = self._producer.produce, self._producer.poll
        written = 0
        for written, record in enumerate(records, 1):
            if written % _POLL_EVERY_RECORDS == 0 and written > _BACKLOG_RECORDS:
                poll(0)
            while True:
                try:
                    # By position: names cost the client as much again as the call.
                    to, key = record.topic, record.key
                    produce(to, record.value, key, record.partition, None, None, record.timestamp_ms, record.headers)
                    break
                except BufferError:  # the queue is full: let some of it go, then this same record
                    poll(0.1)
        poll(0)
        self.written = written

    def _send_offsets(self, offsets: list[TopicPartition], consumer: Consumer) -> None:
        """Does not always return, if a coordinator goes away meanwhile: then only a new producer can go on."""
        producer, membership = self._producer, _membership(consumer)
        try:
            self._offsets_call(lambda: producer.send_offsets_to_transaction(offsets, membership, _OFFSETS_SECONDS))
        except TimeoutError as failure:
            hangs = KafkaError(KafkaError._TIMED_OUT, "sending offsets hangs", fatal=True)  # noqa: SLF001
            raise KafkaException(hangs) from failure

    def _retrying(self, call: Callable[[], object]) -> None:
        """A transactional call that failed without harm may be made again as it is."""
        for attempt in range(_CALL_TRIES):
            try:
                call()
            except KafkaException as failure:
                if not failure.args[0].retriable() or attempt == _CALL_TRIES - 1:
                    raise
                log.warning("transaction_call_repeated", error=failure.args[0].name(), reason=failure.args[0].str())
            else:
                return

    def _end_transaction(self, error: KafkaError) -> None:
        """Abort what is still open, so that the next transaction can begin."""
        log.warning("transaction_failed", error=error.name(), reason=error.str())
        if self._reason_of(error).code() in (KafkaError._FENCED, KafkaError.PRODUCER_FENCED):  # noqa: SLF001
            raise StopError("fenced: another worker has this worker_id, or this one was held up for too long")
        if error.txn_requires_abort():
            try:
                self._producer.abort_transaction(_CALL_SECONDS)
            except KafkaException as failure:
                log.warning("abort_failed", error=failure.args[0].name())
            else:
                return
        # Fatal, or undecided: only a new producer with the same id ends the transaction for certain.
        self._producers[self._turn] = self._fresh_producer(self._turn)

    def _reason_of(self, error: KafkaError) -> KafkaError:
        """What made the producer unusable, where ``error`` only says that something did: ``poll`` raises it, once."""
        try:
            self._producer.poll(0)
        except KafkaException as failure:
            reason: KafkaError = failure.args[0]
            return reason
        return error

    def _is_doubtful(self) -> bool:
        """Whether the producer has lost a connection, so that sending offsets with it might never return.

        The client may go on asking a group coordinator that it has itself given up, whatever time-out it was given
        (librdkafka 5511 and 5456). A producer that was made a moment ago is not doubted again: one broker that is down
        for long must not cost a new producer for each transaction.
        """
        self._producer.poll(0)  # hears of what happened meanwhile
        return self._turn in self._doubted and time.monotonic() - self._made_at[self._turn] > _TRUSTED_SECONDS

    def _fresh_producer(self, number: int) -> Producer:
        config = self._config | {
            "transactional.id": f"{self._config['transactional.id']}.{number}",
            "error_cb": lambda _error: self._doubted.add(number),
        }
        producer = Producer(config, logger=logging.getLogger("librdkafka"))
        try:
            producer.init_transactions(4 * _CALL_SECONDS)
        except KafkaException as failure:
            raise StopError(f"cannot begin transactions: {failure.args[0].name()}") from failure
        producer.poll(0)
        self._doubted.discard(number)
        self._made_at[number] = time.monotonic()
        return producer


def _membership(consumer: Consumer) -> bytes:
    """What fences the transaction: the consumer's group, member id and generation.

    Never that of a consumer which has learnt of its exclusion: offsets that name no member and no generation pass the
    coordinator unchecked, as they must for old clients. An id that is seen after the metadata was taken was in it,
    since a new one is given only inside ``poll``, in this same thread.
    """
    metadata: bytes = consumer.consumer_group_metadata()
    if not consumer.memberid():
        raise KafkaException(
            KafkaError(KafkaError.UNKNOWN_MEMBER_ID, "no member of the group any more", txn_requires_abort=True)
        )
    return metadata
