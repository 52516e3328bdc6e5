"""What a subscriber hands over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, NamedTuple, TypeVar

from casebus_consumers.records import Record

Value = TypeVar("Value")


class Received(NamedTuple, Generic[Value]):
    """A record and what it says. ``record`` holds the bytes as they are in the topic."""

    value: Value
    topic: str
    record: Record

    @property
    def key(self) -> str:
        """The record's key, as the page about the topics gives it; empty when there is none."""
        return (self.record.key or b"").decode(errors="replace")

    @property
    def written_at(self) -> datetime:
        """When the record was written."""
        return datetime.fromtimestamp(self.record.timestamp_ms / 1000, UTC)

    @property
    def position(self) -> str:
        """Where it is, for a log line: ``topic[partition]@offset``. The same for ever."""
        return f"{self.topic}[{self.record.partition}]@{self.record.offset}"


@dataclass(frozen=True, slots=True)
class Undecodable:
    """A record that breaks its contract; ``problem`` names fields and rules."""

    topic: str
    record: Record
    problem: str


def runs_of(batch: Iterable[Received[Value] | Undecodable]) -> Iterator[list[Received[Value]] | Undecodable]:
    """What can be read, in unbroken runs, and between them, one by one, what cannot: the order stays."""
    run: list[Received[Value]] = []
    for item in batch:
        if isinstance(item, Undecodable):
            if run:
                yield run
                run = []
            yield item
        else:
            run.append(item)
    if run:
        yield run
