"""Dead letters: a record that no code could handle, with its reason, so that the partition can go on."""

from __future__ import annotations

from base64 import b64encode

import structlog

from casebus_schemas import DeadLetter, Position, encode
from casebus_streams.event_trace import event_trace
from casebus_streams.records import InRecord, OutRecord

log = structlog.get_logger(__name__)


def dead_letter(topic: str, record: InRecord, *, stage: str, reason: str, error: str, with_original: bool) -> OutRecord:
    """The dead letter for ``record``; written in the transaction that passes over it, so it cannot get lost.

    ``with_original`` is false before pseudonymisation: the record stays at its position for its topic's retention.
    """
    log.error(
        "dead_letter",
        stage=stage,
        reason=reason,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        **event_trace(record.value),
    )
    letter = DeadLetter(
        position=Position(topic=record.topic, partition=record.partition, offset=record.offset),
        stage=stage,
        reason=reason,
        error=error[:500],
        attempt=record.attempt,
        key=b64encode(record.key) if with_original and record.key is not None else None,
        original=b64encode(record.value) if with_original and record.value is not None else None,
    )
    key = record.key if with_original else None
    return OutRecord(topic, -1, key, encode(letter), record.timestamp_ms)
