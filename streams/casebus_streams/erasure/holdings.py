"""What the bus's topics hold about a party: live, or deleted and waiting for its bytes to go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from confluent_kafka import Message

from casebus_producers.settings import KafkaSettings
from casebus_schemas import partition_of
from casebus_schemas.topics import DECLARATIONS
from casebus_streams.erasure.broker_topics import BrokerTopic
from casebus_streams.erasure.subject import Subject
from casebus_streams.erasure.topic_scan import Progress, every_record
from casebus_streams.erasure.traces import Traces

_BY_PARTY = tuple(each.name for each in DECLARATIONS if each.by_party)


@dataclass(slots=True)
class Holding:
    """What one topic holds. ``live`` of its ``records`` are nobody's to clean up: they count until they are deleted.

    ``gone_by``: when the bytes of what is not live are gone; None when never. ``since`` counts the live ones that came
    after an earlier erasure.
    """

    topic: str
    records: int
    live: int
    since: int
    gone_by: datetime | None

    def as_json(self) -> dict[str, Any]:
        """For programs and receipts."""
        gone_by = None if self.gone_by is None else self.gone_by.isoformat()
        return {
            "place": self.topic,
            "records": self.records,
            "live": self.live,
            "new_since": self.since,
            "gone_by": gone_by,
        }


@dataclass(slots=True)
class _Latest:
    is_live: bool
    timestamp_ms: int


@dataclass(slots=True)
class _Found:
    topic: BrokerTopic
    records: int = 0
    keys: dict[tuple[int, bytes], _Latest] = field(default_factory=dict)
    latest_ms: int = 0

    def take(self, message: Message, *, is_trace: bool) -> None:
        name = (message.partition() or 0, message.key() or b"")
        if not is_trace and name not in self.keys:
            return
        # A later record under the same key takes the place of the earlier, once the log is compacted.
        self.keys[name] = _Latest(is_trace and message.value() is not None, message.timestamp()[1])
        self.records += is_trace
        self.latest_ms = max(self.latest_ms, message.timestamp()[1])

    def holding(self, since_ms: int | None) -> Holding:
        live = [each for each in self.keys.values() if each.is_live] if self.topic.is_compacted else []
        since = sum(since_ms is not None and each.timestamp_ms > since_ms for each in live)
        return Holding(self.topic.name, self.records, len(live), since, self.topic.gone_by(self.latest_ms))


def holdings(
    kafka: KafkaSettings,
    subject: Subject,
    topics: Iterable[BrokerTopic],
    *,
    places: Iterable[tuple[str, int]],
    since: datetime | None = None,
    progress: Progress = lambda _done, _of: None,
) -> list[Holding]:
    """What lies in ``places`` about ``subject``, a line for each of ``topics`` with anything. Blocks; reads it all."""
    traces, found = Traces(subject), {topic.name: _Found(topic) for topic in topics}
    for message in every_record(kafka, places, progress=progress):
        is_trace = traces.in_record(message.key(), message.value(), message.headers())
        found[message.topic() or ""].take(message, is_trace=is_trace)
    since_ms = None if since is None else int(since.timestamp() * 1000)
    return [each.holding(since_ms) for each in found.values() if each.records]


def everywhere(topics: Iterable[BrokerTopic]) -> list[tuple[str, int]]:
    """Every partition."""
    return [(topic.name, partition) for topic in topics for partition in range(topic.partitions)]


def of_the_party(topics: Iterable[BrokerTopic], prefix: str, subject: Subject) -> list[tuple[str, int]]:
    """The partitions that hold all about the party in the topics by party, those of earlier epochs included."""
    return [
        (topic.name, partition)
        for topic in topics
        if topic.name.removeprefix(f"{prefix}.").partition(".")[0] in _BY_PARTY
        for partition in sorted({partition_of(ref, topic.partitions) for ref in subject.party_refs})
    ]
