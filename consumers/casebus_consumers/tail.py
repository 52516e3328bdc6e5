"""Looking at a topic as it is: which records, which of them, and how a line about one reads."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from casebus_consumers.messages import PARTITION_EOF, place_of
from casebus_consumers.records import Record
from casebus_producers.epochs import EpochReader
from casebus_producers.settings import KafkaSettings

READABLE: Final = ("accepted", "activity", "changes", "epochs", "outcomes", "overviews", "sources")
"""The others hold national numbers, addresses or what no code could handle."""

SHOWN: Final = ("kind", "state", "agency", "case_id", "sequence", "party_ref", "epoch", "version", "topic")
REACH_SECONDS: Final = 10.0
POLL_SECONDS: Final = 0.2


class TailError(Exception):
    """The topic cannot be shown: name another, or make it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records: of one agency, of one kind (of a change or an event; of other records, their state)."""

    agency: str | None = None
    kind: str | None = None

    def holds(self, document: dict[str, Any] | None) -> bool:
        """Whether a record's document is wanted. A tombstone says nothing, so it is when everything is."""
        if document is None:
            return self.agency is None and self.kind is None
        return self._is_of_agency(document) and self.kind in (None, document.get("kind"), document.get("state"))

    def _is_of_agency(self, document: dict[str, Any]) -> bool:
        if self.agency in (None, document.get("agency")):
            return True
        return any(case.startswith(f"{self.agency}/") for case in document.get("cases", ()))


def topic_of(kafka: KafkaSettings, name: str, agency: str | None) -> str:
    """The topic that ``name`` means, with or without the prefix; of overviews, the live one. May block.

    Raises ``TailError`` for a topic that must not be shown, and ``KafkaException``.
    """
    short = name.removeprefix(f"{kafka.topic_prefix}.")
    kind, _, of = short.partition(".")
    if kind not in READABLE:
        raise TailError(f"topic {name}: must be one of {', '.join(READABLE)}")
    if kind == "outcomes" and not (of or agency):
        raise TailError("topic outcomes: each agency has its own, say which with --agency")
    if kind == "outcomes":
        return f"{kafka.topic_prefix}.outcomes.{of or agency}"
    if short == "overviews":
        return _live_overviews(kafka)
    return f"{kafka.topic_prefix}.{short}"


def records_of(kafka: KafkaSettings, topic: str, *, follow: bool) -> Iterator[Record]:
    """What is in ``topic`` now, or with ``follow`` what comes from now on, for ever. Blocks. Joins no group.

    Raises ``TailError`` when there is no such topic, and ``KafkaException``.
    """
    consumer = Consumer(
        kafka.client_config(
            group_id=f"{kafka.topic_prefix}.tail",  # required by the client; never joins, never commits
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            enable_partition_eof=True,
        ),
        logger=logging.getLogger("librdkafka"),
    )
    try:
        unfinished = _assign(consumer, topic, follow=follow)
        while follow or unfinished:
            message = consumer.poll(POLL_SECONDS)
            if message is None:
                continue
            if (record := _record(message)) is not None:
                yield record
            else:
                unfinished.discard(message.partition())
    finally:
        consumer.close()


def document_of(record: Record) -> dict[str, Any] | None:
    """The record's JSON, None for a tombstone; what is no JSON object comes as ``{"unreadable": true}``."""
    if record.value is None:
        return None
    try:
        document = orjson.loads(record.value)
    except orjson.JSONDecodeError:
        document = None
    return document if isinstance(document, dict) else {"unreadable": True}


def line_of(topic: str, record: Record, document: dict[str, Any] | None) -> str:
    """When, where, and what it is about; never the texts of a case."""
    place = f"{_time(record)}  {topic}[{record.partition}]@{record.offset}"
    if document is None:
        return f"{place}  erased {_key(record)}"
    facts = [f"{name}={document[name]}" for name in SHOWN if name in document]
    if after := document.get("after"):
        facts.append(f"roll_up={after.get('roll_up')}")
    if "cases" in document:
        facts.append(f"cases={len(document['cases'])}")
    return f"{place}  {' '.join(facts) or 'unreadable'}"


def json_of(topic: str, record: Record, document: dict[str, Any] | None) -> bytes:
    """The record and where it is, for a program."""
    place = {"topic": topic, "partition": record.partition, "offset": record.offset, "time": _time(record)}
    return orjson.dumps({**place, "key": _key(record), "value": document})


def _assign(consumer: Consumer, topic: str, *, follow: bool) -> set[int | None]:
    known = consumer.list_topics(topic, timeout=REACH_SECONDS).topics[topic]
    if known.error is not None:
        raise TailError(f"topic {topic}: there is none")
    places = [TopicPartition(topic, partition, 0) for partition in known.partitions]
    for place in places:
        low, high = consumer.get_watermark_offsets(place, timeout=REACH_SECONDS)
        place.offset = high if follow else low
    consumer.assign(places)
    return set(known.partitions)


def _record(message: Message) -> Record | None:
    """None at the end of a partition."""
    error = message.error()
    if error is None:
        return Record(*place_of(message), message.timestamp()[1], message.key(), message.value())
    if error.code() != PARTITION_EOF:
        raise KafkaException(error)
    return None


def _live_overviews(kafka: KafkaSettings) -> str:
    epochs = EpochReader(kafka)
    try:
        return epochs.read().topic
    finally:
        epochs.close()


def _key(record: Record) -> str:
    return (record.key or b"").decode(errors="replace")


def _time(record: Record) -> str:
    return datetime.fromtimestamp(record.timestamp_ms / 1000, UTC).isoformat(timespec="milliseconds")
