"""Where the subscriber's contract must hold, and in which forms: Kafka and the fake, plain and asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

from confluent_kafka import Consumer, TopicPartition
from tests.bus import Bus

from casebus_consumers.subscriber import (
    AsyncSubscriber,
    Feed,
    Received,
    Subscriber,
    subscribe,
    subscribe_async,
)
from casebus_consumers.testing import FakeBus
from casebus_producers.settings import KafkaSettings
from casebus_schemas import DeadLetter, decode, partition_of

AGENCY = "OVO000123"
PARTITIONS = 3

Value = TypeVar("Value")
Visit = Callable[[Received[Value], "Control"], None]
BatchVisit = Callable[[Sequence[Received[Value]], "Control"], None]


class Control(Protocol):
    """What both forms let anybody do at any time."""

    @property
    def caught_up(self) -> bool: ...
    def stop(self) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...


class Place(Protocol):
    """A bus with partitions, groups and dead letters."""

    dead_letter_topic: str

    def append(self, feed: Feed[Any], records: Iterable[tuple[str, bytes | None]]) -> None: ...
    def plain(self, feed: Feed[Value], **options: Any) -> Subscriber[Value]: ...
    def asynchronous(self, feed: Feed[Value], **options: Any) -> AsyncSubscriber[Value]: ...
    def committed(self, feed: Feed[Any], group: str) -> int: ...
    def dead_letters(self, count: int) -> list[DeadLetter]: ...


class FakePlace:
    def __init__(self) -> None:
        self.dead_letter_topic = "letters"
        self._bus = FakeBus(partitions=PARTITIONS)

    def append(self, feed: Feed[Any], records: Iterable[tuple[str, bytes | None]]) -> None:
        for key, value in records:
            self._bus.append(feed, key, value)

    def plain(self, feed: Feed[Value], **options: Any) -> Subscriber[Value]:
        return self._bus.subscribe(feed, **options)

    def asynchronous(self, feed: Feed[Value], **options: Any) -> AsyncSubscriber[Value]:
        return self._bus.subscribe_async(feed, **options)

    def committed(self, feed: Feed[Any], group: str) -> int:
        return self._bus.committed(feed, group)

    def dead_letters(self, count: int) -> list[DeadLetter]:
        return self._bus.dead_letters


class DownstreamBus(Bus):
    """A bus for services downstream, with groups that notice quickly who is gone."""

    @property
    def quick_kafka(self) -> KafkaSettings:
        return self.kafka.model_copy(update={"extra": {"session_timeout_ms": 3000, "heartbeat_interval_ms": 500}})

    def write(self, topic: str, records: Iterable[tuple[str, bytes | None]]) -> None:
        with self.producer() as producer:
            for key, value in records:
                partition = 0 if topic == self.topics.epochs else partition_of(key.partition("/")[0], PARTITIONS)
                producer.produce(topic, value, key, partition=partition)

    def committed(self, topic: str, group: str) -> int:
        consumer = Consumer(self.kafka.client_config(group_id=group))
        answers = consumer.committed([TopicPartition(topic, each) for each in range(PARTITIONS)], timeout=20)
        consumer.close()
        return sum(max(0, answer.offset) for answer in answers)

    def dead_letters(self, count: int) -> list[DeadLetter]:
        consumer = Consumer(self.kafka.client_config(group_id="check"))
        consumer.assign([TopicPartition(self.topics.dead_letters, 0, 0)])
        messages = consumer.consume(count, 20)
        consumer.close()
        return [decode(DeadLetter, message.value() or b"") for message in messages]


class KafkaPlace:
    def __init__(self, bus: DownstreamBus) -> None:
        self._bus = bus
        self.dead_letter_topic = bus.topics.dead_letters

    def append(self, feed: Feed[Any], records: Iterable[tuple[str, bytes | None]]) -> None:
        self._bus.write(feed.topic(self._bus.topics.prefix), records)

    def plain(self, feed: Feed[Value], **options: Any) -> Subscriber[Value]:
        return subscribe(self._bus.quick_kafka, feed, **self._named(options))

    def asynchronous(self, feed: Feed[Value], **options: Any) -> AsyncSubscriber[Value]:
        return subscribe_async(self._bus.quick_kafka, feed, **self._named(options))

    def committed(self, feed: Feed[Any], group: str) -> int:
        return self._bus.committed(feed.topic(self._bus.topics.prefix), f"{self._bus.topics.prefix}.{group}")

    def dead_letters(self, count: int) -> list[DeadLetter]:
        return self._bus.dead_letters(count)

    def _named(self, options: dict[str, Any]) -> dict[str, Any]:
        return {**options, "group": f"{self._bus.topics.prefix}.{options['group']}"}


class Form(Protocol):
    """One of the two forms, driven from plain code."""

    def iterate(self, place: Place, feed: Feed[Value], visit: Visit[Value], **options: Any) -> None: ...
    def batches(self, place: Place, feed: Feed[Value], visit: BatchVisit[Value], **options: Any) -> None: ...
    def run(self, place: Place, feed: Feed[Value], visit: Visit[Value], **options: Any) -> None: ...


class PlainForm:
    def iterate(self, place: Place, feed: Feed[Value], visit: Visit[Value], **options: Any) -> None:
        with place.plain(feed, **options) as subscriber:
            for received in subscriber:
                visit(received, subscriber)

    def batches(self, place: Place, feed: Feed[Value], visit: BatchVisit[Value], **options: Any) -> None:
        with place.plain(feed, **options) as subscriber:
            for batch in subscriber.batches():
                visit(batch, subscriber)

    def run(self, place: Place, feed: Feed[Value], visit: Visit[Value], **options: Any) -> None:
        with place.plain(feed, **options) as subscriber:
            subscriber.run(lambda received: visit(received, subscriber))


class AsyncForm:
    def iterate(self, place: Place, feed: Feed[Value], visit: Visit[Value], **options: Any) -> None:
        async def main() -> None:
            async with place.asynchronous(feed, **options) as subscriber:
                async for received in subscriber:
                    visit(received, subscriber)

        asyncio.run(main())

    def batches(self, place: Place, feed: Feed[Value], visit: BatchVisit[Value], **options: Any) -> None:
        async def main() -> None:
            async with place.asynchronous(feed, **options) as subscriber:
                async for batch in subscriber.batches():
                    visit(batch, subscriber)

        asyncio.run(main())

    def run(self, place: Place, feed: Feed[Value], visit: Visit[Value], **options: Any) -> None:
        async def main() -> None:
            async with place.asynchronous(feed, **options) as subscriber:

                async def handle(received: Received[Value]) -> None:
                    await asyncio.sleep(0)
                    visit(received, subscriber)

                await subscriber.run(handle)

        asyncio.run(main())
