"""What holds of one producer only; what all have in common is in ``contract``. Needs no broker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from tests.producers.cases import AGENCY, event, settings

from casebus_local import wait_until
from casebus_producers import (
    AgencySettings,
    BackPressureError,
    BrokerError,
    CaseStatusProducer,
    DeliveryError,
    PublishSettings,
)
from casebus_producers.client import _properties
from casebus_producers.settings import KafkaSettings
from casebus_producers.testing import AsyncRecordingProducer
from casebus_schemas import CaseEvent


def test_settings_that_kafka_refuses_are_named() -> None:
    wrong = settings("localhost:1").model_copy(update={"kafka": KafkaSettings(extra={"ACKSS": "all"})})
    with pytest.raises(BrokerError, match="ackss"):
        CaseStatusProducer(wrong, agency=AGENCY)


def test_by_default_an_event_outlives_an_outage_of_ten_minutes() -> None:
    chosen = AgencySettings(publish=PublishSettings())
    assert float(_properties(chosen)["message_timeout_ms"]) > 600_000


def test_asking_a_handle_lets_confirmations_come_in(dead_broker: str) -> None:
    producer = CaseStatusProducer(settings(dead_broker, delivery_timeout_seconds=0.1), agency=AGENCY)
    handle = producer.publish(event())
    wait_until(lambda: handle.done, timeout_seconds=30, describe="the event is given up")
    assert handle.error is not None
    producer.close()


def test_an_asyncio_wait_does_not_block_the_loop() -> None:
    """While one task waits for room and one for a confirmation, another has its turns."""

    async def work() -> float:
        chosen = settings("nowhere:1", queue_max_events=1, back_pressure_wait_seconds=1)
        producer = AsyncRecordingProducer(chosen, agency=AGENCY)
        producer.kafka.go_away()
        handle = await producer.publish(event(sequence=1))
        waiting = asyncio.gather(handle.result(1), producer.publish(event(sequence=2)), return_exceptions=True)
        longest, last = 0.0, time.monotonic()
        while not waiting.done():
            await asyncio.sleep(0)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
        assert any(isinstance(outcome, BackPressureError) for outcome in await waiting)
        with pytest.raises(DeliveryError):
            await producer.close(0)
        return longest

    assert asyncio.run(work()) < 0.5, "seconds between two turns"


def test_tasks_that_wait_for_room_keep_their_order() -> None:
    async def work() -> list[int]:
        async with AsyncRecordingProducer(settings("nowhere:1", queue_max_events=1), agency=AGENCY) as producer:
            producer.kafka.go_away()
            tasks = [asyncio.create_task(producer.publish(event(sequence=sequence))) for sequence in range(1, 20)]
            await asyncio.wait(tasks, timeout=0.05)
            producer.kafka.come_back()
            await asyncio.gather(*tasks)
            await producer.flush(10)
            return [one.sequence for one in producer.events]

    assert asyncio.run(work()) == list(range(1, 20))


def test_who_comes_later_does_not_pass_who_waits() -> None:
    async def work() -> list[int]:
        async with AsyncRecordingProducer(settings("nowhere:1", queue_max_events=1), agency=AGENCY) as producer:
            producer.kafka.go_away()
            await producer.publish(event(sequence=1))
            waiting = asyncio.create_task(producer.publish(event(sequence=2)))
            await asyncio.wait([waiting], timeout=0.05)
            producer.kafka.come_back()
            producer._sender.serve(0)  # now there is room
            await producer.publish(event(sequence=3))
            await producer.flush(10)
            return [one.sequence for one in producer.events]

    assert asyncio.run(work()) == [1, 2, 3]


def test_a_cancelled_publish_has_not_taken_its_event() -> None:
    async def work() -> list[int]:
        async with AsyncRecordingProducer(settings("nowhere:1", queue_max_events=1), agency=AGENCY) as producer:
            producer.kafka.go_away()
            await producer.publish(event(sequence=1))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(producer.publish(event(sequence=2)), 0.05)
            assert len(producer) == 1
            producer.kafka.come_back()
            await producer.publish(event(sequence=3))
            await producer.flush(10)
            return [one.sequence for one in producer.events]

    assert asyncio.run(work()) == [1, 3]


def test_publish_many_takes_an_asynchronous_source() -> None:
    async def work() -> int:
        async with AsyncRecordingProducer(agency=AGENCY) as producer:
            summary = await producer.publish_many(one async for one in _events())
            return summary.published

    assert asyncio.run(work()) == 3


def test_closing_while_publish_waits_for_room_ends_the_wait() -> None:
    async def work() -> list[object]:
        producer = AsyncRecordingProducer(settings("nowhere:1", queue_max_events=1), agency=AGENCY)
        producer.kafka.go_away()
        await producer.publish(event(sequence=1))
        waiting = asyncio.create_task(producer.publish(event(sequence=2)))
        await asyncio.wait([waiting], timeout=0.05)
        return [*await asyncio.gather(producer.close(0), waiting, return_exceptions=True)]

    outcomes = [type(outcome).__name__ for outcome in asyncio.run(work())]
    assert outcomes == ["DeliveryError", "ClosedError"]


async def _events() -> AsyncIterator[CaseEvent]:
    for sequence in (1, 2, 3):
        yield event(sequence=sequence)
