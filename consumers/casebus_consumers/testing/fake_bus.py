"""A bus in memory: the real subscriber over records that a test puts there, without Kafka and without waiting."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from typing import TypeVar

from casebus_consumers.records import Record
from casebus_consumers.sink.dead_letters import Unreadable, dead_letter
from casebus_consumers.subscriber import AsyncSubscriber, FailurePolicy, Feed, Start, Subscriber
from casebus_consumers.subscriber.delivery import Delivery
from casebus_schemas import (
    AcceptedEvent,
    Change,
    DeadLetter,
    NotificationOutcome,
    Overview,
    SourceFreshness,
    decode,
    encode,
    partition_of,
)
from casebus_schemas.model import ContractModel

Value = TypeVar("Value")

PREFIX = "case-status"
IDLE_STEP_SECONDS = 0.001


class FakeBus:
    """Topics, groups' offsets and dead letters. Safe to use from several threads.

    A subscriber that has handled all there is waits for more, as with Kafka, or ends when ``stop_at_end``.
    """

    def __init__(self, *, partitions: int = 3) -> None:
        self._partitions = partitions
        self._lock = threading.Lock()
        self._logs: defaultdict[str, list[list[Record]]] = defaultdict(lambda: [[] for _ in range(partitions)])
        self._offsets: defaultdict[tuple[str, str], dict[int, int]] = defaultdict(dict)
        self.dead_letters: list[DeadLetter] = []

    def publish(self, feed: Feed[Value], *records: ContractModel) -> None:
        """Append records, each under the key and in the partition that the bus would give it."""
        for record in records:
            self.append(feed, key_of(record), encode(record))

    def erase(self, feed: Feed[Value], key: str) -> None:
        """Append a tombstone."""
        self.append(feed, key, None)

    def append(
        self, feed: Feed[Value], key: str, value: bytes | None, *, timestamp_ms: int = 1_800_000_000_000
    ) -> None:
        """Append a record as it is, broken ones too."""
        partition = partition_of(key.partition("/")[0], self._partitions)
        with self._lock:
            log = self._logs[feed.topic(PREFIX)][partition]
            log.append(Record(partition, len(log), timestamp_ms, key.encode(), value))

    def subscribe(
        self,
        feed: Feed[Value],
        *,
        group: str,
        start: Start = Start.EARLIEST,
        failure: FailurePolicy | None = None,
        stop_at_end: bool = False,
    ) -> Subscriber[Value]:
        """As ``casebus_consumers.subscribe``; one member at a time per group."""
        return Subscriber(self._delivery(feed, group, start, failure, stop_at_end=stop_at_end))

    def subscribe_async(
        self,
        feed: Feed[Value],
        *,
        group: str,
        start: Start = Start.EARLIEST,
        failure: FailurePolicy | None = None,
        stop_at_end: bool = False,
    ) -> AsyncSubscriber[Value]:
        """As ``casebus_consumers.subscribe_async``; one member at a time per group."""
        return AsyncSubscriber(self._delivery(feed, group, start, failure, stop_at_end=stop_at_end))

    def committed(self, feed: Feed[Value], group: str) -> int:
        """How many records of a feed the group has committed as handled, since the first."""
        with self._lock:
            return sum(self._offsets[feed.topic(PREFIX), group].values())

    def write(self, source: str, unreadable: Sequence[Unreadable]) -> None:
        """Keep dead letters, as the writer to Kafka would have written them."""
        self.dead_letters += [decode(DeadLetter, dead_letter(source, each, stage="test")) for each in unreadable]

    def records_after(self, topic: str, positions: Mapping[int, int]) -> list[Record]:
        """All records from these positions on, partition by partition."""
        with self._lock:
            logs = self._logs[topic]
            return [record for partition, offset in positions.items() for record in logs[partition][offset:]]

    def ends(self, topic: str) -> dict[int, int]:
        """The offset after the last record of each partition."""
        with self._lock:
            return {partition: len(log) for partition, log in enumerate(self._logs[topic])}

    def offsets(self, topic: str, group: str) -> dict[int, int]:
        """What the group has committed."""
        with self._lock:
            return dict(self._offsets[topic, group])

    def store(self, topic: str, group: str, offsets: Mapping[int, int]) -> None:
        """Commit offsets for the group."""
        with self._lock:
            self._offsets[topic, group].update(offsets)

    def _delivery(
        self, feed: Feed[Value], group: str, start: Start, failure: FailurePolicy | None, *, stop_at_end: bool
    ) -> Delivery[Value]:
        failure, stop = failure or FailurePolicy(), threading.Event()
        member = FakeMember(self, feed.topic(PREFIX), group, start=start, stop=stop, stop_at_end=stop_at_end)
        return Delivery(member, feed, failure, self if failure.dead_letters is not None else None, stop)


class FakeMember:
    """``Member`` over a ``FakeBus``. It owns every partition until it is closed, and waits for nothing."""

    def __init__(
        self, bus: FakeBus, topic: str, group: str, *, start: Start, stop: threading.Event, stop_at_end: bool
    ) -> None:
        self.topic = topic
        self._bus = bus
        self._group = group
        self._stop = stop
        self._stop_at_end = stop_at_end
        ends, committed = bus.ends(topic), bus.offsets(topic, group)
        first = dict.fromkeys(ends, 0) if start is Start.EARLIEST else ends
        self._next = {partition: committed.get(partition, first[partition]) for partition in ends}
        self._goal = ends
        self._marked = dict(self._next)

    @property
    def caught_up(self) -> bool:
        """As in ``Member``."""
        return all(self._next[partition] >= end for partition, end in self._goal.items())

    @property
    def gone(self) -> Set[int]:
        """Nobody takes anything away."""
        return frozenset()

    def poll(self, timeout_seconds: float) -> list[Record]:
        """As in ``Member``, but hardly waiting; without a record left, it stops when ``stop_at_end``."""
        records = self._bus.records_after(self.topic, self._next)
        if not records and self._stop_at_end:
            self._stop.set()
        elif not records:
            self._stop.wait(min(timeout_seconds, IDLE_STEP_SECONDS))
        for record in records:
            self._next[record.partition] = record.offset + 1
        return records

    def mark(self, partition: int, next_offset: int) -> None:
        """As in ``Member``."""
        self._marked[partition] = next_offset

    def commit(self) -> None:
        """As in ``Member``."""
        self._bus.store(self.topic, self._group, self._marked)

    def linger(self, seconds: float) -> None:
        """As in ``Member``, but hardly waiting."""
        self._stop.wait(min(seconds, IDLE_STEP_SECONDS))

    def lag(self) -> Mapping[int, int]:
        """As in ``Member``."""
        return {partition: end - self._next[partition] for partition, end in self._bus.ends(self.topic).items()}

    def close(self) -> None:
        """As in ``Member``."""
        self.commit()


def key_of(record: ContractModel) -> str:
    """The key that the bus gives a record. Raises ``TypeError`` for one that no feed carries."""
    match record:
        case AcceptedEvent():
            return record.key
        case Change() | Overview():
            return record.party_ref
        case SourceFreshness():
            return record.agency
        case NotificationOutcome():
            return record.case_id
    raise TypeError(f"no feed carries a {type(record).__name__}")
