"""The SDK: model objects in, confirmed events out; beside it Kafka's own client, which is the limit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from statistics import median
from typing import Final, NamedTuple

from benchmarks.lab import Benchmark, Lab
from benchmarks.results import Measured
from benchmarks.submitted import simulation

from casebus_producers import AgencySettings, AsyncCaseStatusProducer, CaseStatusProducer
from casebus_producers.client import kafka_client
from casebus_producers.sender import HEADERS
from casebus_schemas import CaseEvent, Topics, decode_event, encode_event

_EVENTS: Final = 100_000
_ROUNDS: Final = 5
_TIMEOUT_SECONDS: Final = 60.0


class _Cost(NamedTuple):
    """What one round took; ``cpu_us`` is of the whole process per event, so that others' load counts less."""

    events_per_second: float
    cpu_us: float


def measure(lab: Lab) -> list[Measured]:
    """One agency publishes ready-made event objects and waits for all confirmations.

    In turns with Kafka's client given the same bytes: whatever disturbs a round disturbs its neighbour, and the
    ratio is the median of the rounds' own. Validation is what it takes to check an event in full, from its bytes.
    """
    agency, values, events = _events_of_one_agency(lab.sized(quick=5_000, default=_EVENTS, long=_EVENTS))
    sdk, asyncio_sdk, bare = list[_Cost](), list[_Cost](), list[_Cost]()
    with lab.bus("sdk") as bus:
        bus.make_topics([agency])
        settings = AgencySettings(kafka=bus.kafka)
        for _ in range(_ROUNDS):
            bare.append(_cost(len(events), lambda: _publish_bytes(settings, agency, values)))
            sdk.append(_cost(len(events), lambda: _publish(settings, agency, events)))
            asyncio_sdk.append(_cost(len(events), lambda: asyncio.run(_publish_async(settings, agency, events))))
            lab.say(
                f"sdk: {sdk[-1].events_per_second:,.0f} events/s at {sdk[-1].cpu_us:.1f} us of CPU each; asyncio "
                f"{asyncio_sdk[-1].events_per_second:,.0f}/s; bare client {bare[-1].events_per_second:,.0f}/s"
            )
    validation = _cost(len(values), lambda: _validate(values))
    return [
        Measured("sdk.events_per_second", median(cost.events_per_second for cost in sdk), "events/s"),
        Measured("sdk.cpu_us_per_event", median(cost.cpu_us for cost in sdk), "us"),
        Measured("sdk.asyncio_events_per_second", median(cost.events_per_second for cost in asyncio_sdk), "events/s"),
        Measured(
            "sdk.ratio_bare_producer",
            median(ours.events_per_second / theirs.events_per_second for ours, theirs in zip(sdk, bare, strict=True)),
            "x",
        ),
        Measured("sdk.validation_us_per_event", validation.cpu_us, "us"),
    ]


def _cost(events: int, run: Callable[[], object]) -> _Cost:
    started, cpu_before = time.perf_counter(), time.process_time()
    run()
    cpu_us = 1e6 * (time.process_time() - cpu_before) / events
    return _Cost(events / (time.perf_counter() - started), cpu_us)


def _publish(settings: AgencySettings, agency: str, events: list[CaseEvent]) -> None:
    with CaseStatusProducer(settings, agency=agency) as producer:
        producer.publish_many(events)


def _validate(values: list[tuple[bytes, str]]) -> None:
    for value, _ in values:
        decode_event(value)


async def _publish_async(settings: AgencySettings, agency: str, events: list[CaseEvent]) -> None:
    async with AsyncCaseStatusProducer(settings, agency=agency) as producer:
        await producer.publish_many(events)


def _publish_bytes(settings: AgencySettings, agency: str, values: list[tuple[bytes, str]]) -> None:
    """As the SDK configures the client, but nobody asks what became of an event."""
    client = kafka_client(settings, lambda _: None)
    topic = Topics(settings.kafka.topic_prefix).submitted(agency)
    for value, case_id in values:
        while True:
            try:
                client.produce(topic, value, case_id, -1, None, None, 0, HEADERS)
            except BufferError:
                client.poll(0.1)
            else:
                break
    if left := client.flush(_TIMEOUT_SECONDS):
        raise TimeoutError(f"not within {_TIMEOUT_SECONDS:g} s: {left} records delivered to {topic}")
    client.close()


def _events_of_one_agency(count: int = _EVENTS) -> tuple[str, list[tuple[bytes, str]], list[CaseEvent]]:
    """The same few thousand objects again and again: making them is not the SDK's work."""
    published = simulation(20_000)
    agency = published.agencies[0]
    values = [submission.value for submission in published.submissions() if submission.agency == agency]
    events = [decode_event(value) for value in values if value is not None]
    events = (events * (count // len(events) + 1))[:count]
    return agency, [(encode_event(event), event.subject) for event in events], events


BENCHMARK: Final = Benchmark(
    "sdk",
    measure,
    produces=(
        "sdk.events_per_second",
        "sdk.cpu_us_per_event",
        "sdk.asyncio_events_per_second",
        "sdk.ratio_bare_producer",
        "sdk.validation_us_per_event",
    ),
)
