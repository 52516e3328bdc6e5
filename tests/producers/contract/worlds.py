"""Where the contract is tested: on a real Kafka and in memory, with either producer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple, Protocol

import pytest
from tests.producers.cases import AGENCY, settings
from tests.producers.contract.drivers import AsyncDriver, Driver, SyncDriver
from tests.producers.reading import TopicReader

from casebus_local import LocalStack
from casebus_producers import AgencySettings, AsyncCaseStatusProducer, CaseStatusProducer
from casebus_producers.client import Connect, kafka_client
from casebus_producers.testing import AsyncRecordingProducer, MemoryKafka, RecordingProducer
from casebus_schemas import CaseEvent, decode_event


class Stored(NamedTuple):
    """A record that arrived."""

    event: CaseEvent
    headers: dict[str, str | bytes | None]


class World(Protocol):
    """Makes producers, and has a broker that can go away."""

    drivers: list[Driver]

    def producer(self, *, broker: bool = True, more: dict[str, Any] | None = None, **publish: float) -> Driver:
        """``broker=False``: nobody answers. ``more`` goes to the producer, ``publish`` to its settings."""

    def stored(self) -> list[Stored]:
        """What arrived, in order of each partition."""

    def outage(self) -> AbstractContextManager[Callable[[], None]]:
        """The broker is away until the function that this gives is called; it returns at once."""


class KafkaWorld:
    """A real broker."""

    def __init__(self, request: pytest.FixtureRequest, *, is_async: bool) -> None:
        self._fixture = request.getfixturevalue
        self._is_async = is_async
        self.drivers: list[Driver] = []

    def producer(self, *, broker: bool = True, more: dict[str, Any] | None = None, **publish: float) -> Driver:
        if broker:
            self._fixture("submitted")
            address, prefix = self._fixture("broker"), self._fixture("topic_prefix")
        else:
            address, prefix = self._fixture("dead_broker"), "t"
        made = _driver(settings(address, prefix, **publish), kafka_client, more or {}, is_async=self._is_async)
        self.drivers.append(made)
        return made

    def stored(self) -> list[Stored]:
        reader: TopicReader = self._fixture("reader")
        return [Stored(decode_event(record.value), record.headers) for record in reader.all()]

    @contextmanager
    def outage(self) -> Iterator[Callable[[], None]]:
        stack: LocalStack = self._fixture("stack")
        if not stack.brokers:
            pytest.skip("the broker is not this stack's own, so it cannot be stopped")
        stack.brokers[0].stop()
        restart = threading.Thread(target=stack.brokers[0].start)
        try:
            yield restart.start
        finally:
            if restart.ident is None:
                restart.start()
            restart.join()


class MemoryWorld:
    """What the test kit gives to agencies."""

    def __init__(self, *, is_async: bool) -> None:
        self._is_async = is_async
        self.drivers: list[Driver] = []
        self._kafka = MemoryKafka()

    def producer(self, *, broker: bool = True, more: dict[str, Any] | None = None, **publish: float) -> Driver:
        if not broker:
            self._kafka.go_away()
        chosen = settings("nowhere:1", "t", **publish)
        made: Driver
        if self._is_async:
            made = AsyncDriver(lambda: AsyncRecordingProducer(chosen, agency=AGENCY, **(more or {})))
        else:
            made = SyncDriver(lambda: RecordingProducer(chosen, agency=AGENCY, **(more or {})))
        assert isinstance(made.producer, RecordingProducer | AsyncRecordingProducer)
        if self._kafka.is_away:
            made.producer.kafka.go_away()
        self._kafka = made.producer.kafka
        self.drivers.append(made)
        return made

    def stored(self) -> list[Stored]:
        return [Stored(record.event, record.headers) for record in self._kafka.records]

    @contextmanager
    def outage(self) -> Iterator[Callable[[], None]]:
        self._kafka.go_away()
        yield threading.Timer(0.05, self._kafka.come_back).start
        self._kafka.come_back()


def _driver(chosen: AgencySettings, connect: Connect, more: dict[str, Any], *, is_async: bool) -> Driver:
    if is_async:
        return AsyncDriver(lambda: AsyncCaseStatusProducer(chosen, agency=AGENCY, connect=connect, **more))
    return SyncDriver(lambda: CaseStatusProducer(chosen, agency=AGENCY, connect=connect, **more))
