"""A Kafka in memory for one agency's topic: it can be away, and it can fail events, when a test wants it to."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message
from confluent_kafka.admin import ClusterMetadata, TopicMetadata  # type: ignore[attr-defined]  # not in its __all__

from casebus_producers.client import Headers, OnDelivery, ProblemCallback
from casebus_producers.settings import AgencySettings, PublishSettings
from casebus_schemas import CaseEvent, decode_event, partition_of

PARTITIONS: Final = 2
# The client's public names for its own error codes begin with an underscore.
TIMED_OUT: Final = KafkaError._MSG_TIMED_OUT  # noqa: SLF001
PURGED: Final = KafkaError._PURGE_QUEUE  # noqa: SLF001
UNREACHABLE: Final = KafkaError._ALL_BROKERS_DOWN  # noqa: SLF001
QUEUE_FULL: Final = KafkaError._QUEUE_FULL  # noqa: SLF001


class StoredRecord(NamedTuple):
    """A record as it lies in the topic."""

    partition: int
    offset: int
    key: bytes
    value: bytes
    headers: dict[str, str | bytes | None]

    @property
    def event(self) -> CaseEvent:
        """The event in it, validated as the bus does. Raises ``InvalidEventError``."""
        return decode_event(self.value)


class MemoryKafka:
    """Keeps what was published in ``records``, in order. May be shared by threads."""

    def __init__(self) -> None:
        self.records: list[StoredRecord] = []
        self._is_there = threading.Event()
        self._is_there.set()
        self._failing: deque[int] = deque()
        self._offsets = [0] * PARTITIONS

    @property
    def is_away(self) -> bool:
        """Whether nothing is stored or confirmed now."""
        return not self._is_there.is_set()

    def go_away(self) -> None:
        """From now on nothing is stored or confirmed; events wait in the producer's queue."""
        self._is_there.clear()

    def come_back(self) -> None:
        """Take what waits, at the producer's next call."""
        self._is_there.set()

    def fail_next(self, count: int = 1, *, code: int = TIMED_OUT) -> None:
        """Hand the next ``count`` events back as failed, with one of ``KafkaError``'s codes."""
        self._failing.extend([code] * count)

    def connect(self, settings: AgencySettings, on_problem: ProblemCallback) -> MemoryClient:
        """A client for a producer: give this method as its ``connect``."""
        return MemoryClient(self, settings.publish, on_problem)

    def wait_for_return(self, timeout_seconds: float) -> None:
        """Block while it is away, at most so long."""
        self._is_there.wait(timeout_seconds)

    def store(self, value: bytes, key: bytes, headers: Headers | None) -> tuple[int, int] | KafkaError:
        """Append a record and say where (partition, offset), or say why not. For the client."""
        if self._failing:
            return KafkaError(self._failing.popleft())
        partition = partition_of(key.decode(), PARTITIONS)
        offset = self._offsets[partition]
        self._offsets[partition] += 1
        self.records.append(StoredRecord(partition, offset, key, value, dict(headers or ())))
        return partition, offset


class _Queued(NamedTuple):
    topic: str
    value: bytes
    key: bytes
    headers: Headers | None
    on_delivery: OnDelivery | None
    since: float


class MemoryClient:
    """Stands in for Kafka's client (``casebus_producers.client.Client``), queue limits and time limit included."""

    def __init__(self, kafka: MemoryKafka, settings: PublishSettings, on_problem: ProblemCallback) -> None:
        self._kafka = kafka
        self._settings = settings
        self._on_problem = on_problem
        self._queue: deque[_Queued] = deque()
        self._bytes = 0
        self._changing = threading.RLock()

    def produce(
        self,
        topic: str,
        value: bytes,
        key: str,
        _partition: int,
        callback: OnDelivery | None,
        _on_delivery: None,
        _timestamp: int,
        headers: Headers | None,
        /,
    ) -> None:
        """Queue a record; raises ``BufferError`` when one of the limits is reached."""
        with self._changing:
            if (
                len(self._queue) >= self._settings.queue_max_events
                or self._bytes >= self._settings.queue_max_kib * 1024
            ):
                raise BufferError(KafkaError(QUEUE_FULL).str())
            self._queue.append(_Queued(topic, value, key.encode(), headers, callback, time.monotonic()))
            self._bytes += len(value)

    def poll(self, timeout: float = 0) -> int:
        """Store and confirm what waits. While Kafka is away: give up what is too old, and wait for its return."""
        if self._kafka.is_away and self._queue:
            self._on_problem(KafkaError(UNREACHABLE))
            if served := self._give_up_older_than(self._settings.delivery_timeout_seconds):
                return served
            self._kafka.wait_for_return(timeout)
        served = 0
        while not self._kafka.is_away and (queued := self._next()) is not None:
            self._call_back(queued, self._kafka.store(queued.value, queued.key, queued.headers))
            served += 1
        return served

    def flush(self, timeout: float) -> int:
        """Poll until nothing waits or the time is over."""
        deadline = time.monotonic() + timeout
        self.poll(0)
        while self._queue and (left := deadline - time.monotonic()) > 0:
            self.poll(min(left, 0.01))
        return len(self._queue)

    def purge(self) -> None:
        """Fail what waits."""
        while (queued := self._next()) is not None:
            self._call_back(queued, KafkaError(PURGED))

    def close(self) -> None:
        """There is nothing to free."""

    def list_topics(self, topic: str, timeout: float) -> ClusterMetadata:
        """The agency's topic is always there; raises ``KafkaException`` while Kafka is away."""
        if self._kafka.is_away:
            raise KafkaException(KafkaError(UNREACHABLE))
        metadata = ClusterMetadata()
        metadata.topics[topic] = TopicMetadata()
        return metadata

    def _give_up_older_than(self, seconds: float) -> int:
        count, limit = 0, time.monotonic() - seconds
        while self._queue and self._queue[0].since <= limit and (queued := self._next()) is not None:
            self._call_back(queued, KafkaError(TIMED_OUT))
            count += 1
        return count

    def _next(self) -> _Queued | None:
        with self._changing:
            if not self._queue:
                return None
            queued = self._queue.popleft()
            self._bytes -= len(queued.value)
            return queued

    @staticmethod
    def _call_back(queued: _Queued, outcome: tuple[int, int] | KafkaError) -> None:
        if queued.on_delivery is None:
            return
        if isinstance(outcome, KafkaError):
            queued.on_delivery(outcome, Message(topic=queued.topic, key=queued.key, value=queued.value, error=outcome))
        else:
            partition, offset = outcome
            stored = Message(topic=queued.topic, partition=partition, offset=offset, key=queued.key, value=queued.value)
            queued.on_delivery(None, stored)
