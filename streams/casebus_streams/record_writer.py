"""What an operator's command writes: markers, copies, tombstones; outside any transaction, and confirmed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from casebus_producers.settings import KafkaSettings
from casebus_streams.errors import StopError
from casebus_streams.records import OutRecord

_TIMEOUT_SECONDS = 60.0


class RecordWriter:
    """Every call blocks until the brokers have it all. Raises ``StopError`` when they do not take it."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._producer = Producer(
            kafka.client_config(
                enable_idempotence=True, acks="all", linger_ms=5, message_timeout_ms=int(_TIMEOUT_SECONDS * 1000)
            ),
            logger=logging.getLogger("librdkafka"),
        )

    def delete(self, topic: str, partition: int, keys: Iterable[bytes]) -> None:
        """Write a tombstone for each key."""
        now_ms = int(time.time() * 1000)
        self.write([OutRecord(topic, partition, key, None, now_ms) for key in keys])

    def write(self, records: list[OutRecord]) -> list[int]:
        """Write ``records`` in their order; their offsets."""
        offsets: list[int] = []
        problems: list[str] = []

        def note(error: KafkaError | None, message: Message) -> None:
            if error is None:
                offsets.append(message.offset() or 0)
            else:
                problems.append(error.name())

        try:
            for record in records:
                self._produce(record, note)
            self._producer.flush(_TIMEOUT_SECONDS + 5)
        except KafkaException as error:
            raise StopError(f"Kafka does not take the records: {error.args[0].name()}") from error
        if len(offsets) < len(records):
            raise StopError(f"Kafka did not take the records: {problems[0] if problems else 'no answer'}; run it again")
        return offsets

    def _produce(self, record: OutRecord, note: Callable[[KafkaError | None, Message], None]) -> None:
        while True:
            try:
                self._producer.produce(
                    record.topic,
                    record.value,
                    record.key,
                    record.partition,
                    on_delivery=note,
                    timestamp=record.timestamp_ms,
                )
                break
            except BufferError:  # the queue is full: let some of it go, then this same record
                self._producer.poll(0.1)
        self._producer.poll(0)
