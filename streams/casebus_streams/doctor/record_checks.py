"""The latest records of each topic: can this release read them, or does another one write them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient, ClusterMetadata  # type: ignore[attr-defined]  # not in its stubs' __all__

from casebus_producers.log_offsets import log_ends
from casebus_producers.operator_reports import Finding, Verdict
from casebus_producers.settings import KafkaSettings
from casebus_schemas import TopicDeclaration, Topics, UndecodableError, decode, decode_control, is_control_key
from casebus_schemas.topics import ACCEPTED
from casebus_streams.overviews.restore import bulk_reader_config

AREA: Final = "records"

_LATEST_OFFSETS = 3
"""Of each partition; the last one is mostly a transaction's marker."""
_LONGEST_SECONDS = 10.0


def record_findings(
    admin: AdminClient, kafka: KafkaSettings, topics: Topics, metadata: ClusterMetadata
) -> Iterator[Finding]:
    """One finding for each shared topic that these credentials may read. Changes nothing, joins no group."""
    for name, declaration in topics.declared([]):
        if declaration.model is not None and name in metadata.topics:
            yield _finding(admin, kafka, name, declaration, partitions=len(metadata.topics[name].partitions))


def _finding(
    admin: AdminClient, kafka: KafkaSettings, topic: str, declaration: TopicDeclaration, *, partitions: int
) -> Finding:
    try:
        ends = log_ends(admin, topic, range(partitions), patience_seconds=0)
        messages = _latest(kafka, topic, ends)
    except KafkaException as error:
        return Finding(
            AREA, topic, Verdict.UNKNOWN, f"not to be read: {error.args[0].name()}", "ask with the right to read it"
        )
    unreadable = []
    for message in messages:
        try:
            _read(declaration, message)
        except UndecodableError as error:
            unreadable.append(f"{message.partition()}:{message.offset()}: {error}")
    if unreadable:
        return Finding(
            AREA,
            topic,
            Verdict.WARNING,
            f"{len(unreadable)} of the latest {len(messages)} are not of this release: {unreadable[0]}",
            "if a newer release writes, upgrade what reads; else find out who writes there",
        )
    return Finding(AREA, topic, Verdict.WELL, f"this release reads the latest {len(messages)}")


def _read(declaration: TopicDeclaration, message: Message) -> None:
    """As whoever reads the topic would. Raises ``UndecodableError``."""
    value = message.value()
    if value is None or declaration.model is None:
        return
    if declaration is ACCEPTED and is_control_key(message.key() or b""):
        decode_control(value)
    else:
        decode(declaration.model, value)


def _latest(kafka: KafkaSettings, topic: str, ends: dict[int, int]) -> list[Message]:
    places = [TopicPartition(topic, number, max(0, end - _LATEST_OFFSETS)) for number, end in ends.items() if end]
    unread = {place.partition for place in places}
    consumer = Consumer(bulk_reader_config(kafka), logger=logging.getLogger("librdkafka"))
    try:
        consumer.assign(places)
        found: list[Message] = []
        deadline = time.monotonic() + _LONGEST_SECONDS
        while unread and time.monotonic() < deadline:
            for message in consumer.consume(1_000, 0.1):
                error = message.error()
                if error is None:
                    found.append(message)
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's own name
                    unread.discard(message.partition() or 0)
                else:
                    raise KafkaException(error)
        return found
    finally:
        consumer.close()
