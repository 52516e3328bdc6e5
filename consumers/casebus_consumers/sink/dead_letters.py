"""Setting aside what cannot be read or handled, before its offset is stored."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from casebus_consumers.errors import DeadLetterError
from casebus_consumers.records import Record
from casebus_schemas import DeadLetter, Position, encode

LARGEST_RECORD_BYTES = 8 * 1024 * 1024
"""What the dead-letter topic takes."""

WRITE_TIMEOUT_SECONDS = 10.0

PRODUCER_DEFAULTS: dict[str, str | int | float | bool] = {
    "enable_idempotence": True,
    "message_max_bytes": LARGEST_RECORD_BYTES,
    "message_timeout_ms": int(WRITE_TIMEOUT_SECONDS * 1000),
    "linger_ms": 0,
}
"""What ``KafkaSettings.client_config`` needs."""

UNDECODABLE = "undecodable"
UNHANDLED = "unhandled"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record and the rule that it breaks; when it was ``UNHANDLED``, the error that handling it ended in."""

    record: Record
    error: str
    reason: str = UNDECODABLE


class DeadLetterWriter:
    """Writes to the dead-letter topic and waits for the broker's word. ``stage`` names the writer in each letter."""

    def __init__(self, config: dict[str, str | int | float | bool], topic: str, *, stage: str) -> None:
        self._producer = Producer(config)
        self._topic = topic
        self._stage = stage

    def write(self, source: str, unreadable: Sequence[Unreadable]) -> None:
        """Write a letter for each record of the topic ``source``.

        Blocks until all are acknowledged, at most about ``WRITE_TIMEOUT_SECONDS``. Raises ``DeadLetterError`` naming
        the partitions of which at least one was not. Written again after a crash, a letter repeats: its position
        tells.
        """
        failures: dict[int, str] = {}
        for each in unreadable:
            self._produce(source, each, failures)
        self._producer.flush(WRITE_TIMEOUT_SECONDS + 1)
        if len(self._producer) > 0:
            failures |= {each.record.partition: "the broker did not answer" for each in unreadable}
        if failures:
            raise DeadLetterError(source, failures)

    def _produce(self, source: str, unreadable: Unreadable, failures: dict[int, str]) -> None:
        record = unreadable.record

        def report(error: KafkaError | None, _message: Message) -> None:
            if error is not None:
                failures[record.partition] = str(error)

        letter = dead_letter(source, unreadable, stage=self._stage)
        try:
            self._producer.produce(self._topic, letter, record.key, on_delivery=report)
        except (BufferError, KafkaException) as error:
            failures[record.partition] = str(error)
        place = {"topic": source, "partition": record.partition, "offset": record.offset}
        if unreadable.reason == UNDECODABLE:
            log.error("record_undecodable", **place, error=unreadable.error)
        else:
            log.warning("record_set_aside", **place, reason=unreadable.reason, error=unreadable.error)


def dead_letter(source: str, unreadable: Unreadable, *, stage: str) -> bytes:
    """The letter as it is written; without the original when that would not fit, which stays at its position."""
    record = unreadable.record
    letter = DeadLetter(
        position=Position(topic=source, partition=record.partition, offset=record.offset),
        stage=stage,
        reason="undecodable",
        error=unreadable.error,
        key=_base64(record.key),
        original=_base64(record.value),
    )
    if unreadable.reason != UNDECODABLE:
        letter = letter.model_copy(update={"reason": unreadable.reason})
    value = encode(letter)
    if len(value) + len(record.key or b"") < LARGEST_RECORD_BYTES - 1024:
        return value
    return encode(letter.model_copy(update={"key": None, "original": None}))


def _base64(value: bytes | None) -> bytes | None:
    return None if value is None else base64.b64encode(value)
