"""The audit topic: one partition, never cleaned, one writer at a time whoever they are."""

from __future__ import annotations

import logging
import random
import time
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from casebus_producers.audit.entries import chained
from casebus_producers.errors import BrokerError
from casebus_producers.log_offsets import log_ends
from casebus_producers.settings import KafkaSettings
from casebus_schemas import ActState, AuditEntry, Topics, decode, encode

_TIMEOUT_SECONDS: Final = 30.0
_TRIES: Final = 20
_LATEST_RECORDS: Final = 100
"""Where the last line is looked for first: markers of transactions lie between lines."""
_PARTITION_EOF: Final = KafkaError._PARTITION_EOF  # noqa: SLF001 - librdkafka's own name


class AuditLog:
    """Appends to and reads the audit topic. Calls block, and raise ``BrokerError`` when Kafka does not answer."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._topic = Topics(kafka.topic_prefix).audit

    def append(self, *, state: ActState, **said: Any) -> AuditEntry:
        """Write the next line; ``said`` are the fields of ``AuditEntry`` without sequence and hash.

        All writers share one transactional id: who begins fences whoever has not ended, so that no line is chained to
        one that is no longer the last. Raises ``ValidationError`` for what may not stand in the log.
        """
        for attempt in range(_TRIES):
            try:
                producer = self._fencing_producer()
                last = self._last()
                if last is not None and (last.act_id, last.state) == (said["act_id"], state):
                    return last  # of an attempt whose answer was lost
                entry = chained(last, state=state, **said)
                producer.begin_transaction()
                producer.produce(self._topic, encode(entry), str(entry.sequence), partition=0)
                producer.commit_transaction(_TIMEOUT_SECONDS)
            except KafkaException as error:
                if attempt == _TRIES - 1 or not _is_passing(error.args[0]):
                    raise BrokerError(f"the act cannot be recorded in {self._topic}: {error.args[0].name()}") from error
                time.sleep(random.uniform(0.05, 0.5))  # noqa: S311 - two that fence each other must part
            else:
                return entry
        raise AssertionError("unreachable")

    def lines(self) -> Iterator[bytes]:
        """Every line as of now, in the order of the log, as it is kept."""
        return (message.value() or b"" for message in self._read(OFFSET_BEGINNING, self._end()))

    def _last(self) -> AuditEntry | None:
        end = self._end()
        for start in (max(0, end - _LATEST_RECORDS), OFFSET_BEGINNING):
            found = deque(self._read(start, end), maxlen=1)
            if found:
                return decode(AuditEntry, found[0].value() or b"")
        return None

    def _end(self) -> int:
        admin = AdminClient(self._kafka.client_config(), logger=logging.getLogger("librdkafka"))
        try:
            found = admin.list_topics(self._topic, timeout=_TIMEOUT_SECONDS).topics[self._topic]
            if found.error is not None:
                raise BrokerError(f"topic {self._topic}: {found.error.name()}; casebus topics apply makes it")
            return log_ends(admin, self._topic, [0])[0]
        except KafkaException as error:
            raise BrokerError(f"{self._topic} cannot be read: {error.args[0].name()}") from error

    def _read(self, start: int, end: int) -> Iterator[Message]:
        """Committed records from ``start`` to ``end``; an open transaction is waited for."""
        if end == 0:
            return
        consumer = Consumer(
            self._kafka.client_config(
                group_id=f"{self._kafka.topic_prefix}.audit",  # required by the client; never joins, never commits
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                isolation_level="read_committed",
                enable_partition_eof=True,
                fetch_wait_max_ms=10,
            ),
            logger=logging.getLogger("librdkafka"),
        )
        deadline = time.monotonic() + 4 * _TIMEOUT_SECONDS
        try:
            consumer.assign([TopicPartition(self._topic, 0, start)])
            while time.monotonic() < deadline:
                message = consumer.poll(0.5)
                if message is None:
                    continue
                if (error := message.error()) is None:
                    if (message.offset() or 0) < end:
                        yield message
                elif error.code() == _PARTITION_EOF:
                    if (message.offset() or 0) >= end:
                        return
                elif not error.retriable():
                    raise BrokerError(f"{self._topic} cannot be read: {error.name()}")
            raise BrokerError(f"{self._topic} could not be read to its end")
        finally:
            consumer.close()

    def _fencing_producer(self) -> Producer:
        producer = Producer(
            self._kafka.client_config(
                transactional_id=f"{self._kafka.topic_prefix}.audit",
                transaction_timeout_ms=int(_TIMEOUT_SECONDS * 1000),
                enable_idempotence=True,
                acks="all",
                linger_ms=0,
            ),
            logger=logging.getLogger("librdkafka"),
        )
        producer.init_transactions(_TIMEOUT_SECONDS)
        return producer


def _is_passing(error: KafkaError) -> bool:
    """Whether another attempt may succeed: somebody else wrote at the same moment, or an answer was lost."""
    fenced = (KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH)  # noqa: SLF001
    return error.code() in fenced or error.retriable() or error.txn_requires_abort()
