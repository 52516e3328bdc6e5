"""What a subscription hands out: records of one topic, in batches, with the positions they lead to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Record(NamedTuple):
    """One Kafka record. ``timestamp_ms`` is the topic's (create or append) time; a None ``value`` is a tombstone.

    ``traceparents`` are those of its headers, where the reader asked for them.
    """

    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    traceparents: tuple[str, ...] = ()


class Span(NamedTuple):
    """A batch's part of one partition: it starts where ``first`` was the stored offset and leads to ``next``."""

    first: int
    next: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of ``topic``, in order within each partition, and the span of every partition among them."""

    topic: str
    records: list[Record]
    spans: dict[int, Span]
