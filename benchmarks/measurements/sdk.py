"""The SDK: model objects in, confirmed events out."""

from __future__ import annotations

from statistics import median
from typing import Final

from benchmarks.lab import Benchmark, Lab
from benchmarks.results import Measured
from benchmarks.submitted import simulation

from casebus_producers import AgencySettings, CaseStatusProducer
from casebus_schemas import CaseEvent, decode_event

_EVENTS: Final = 100_000
_ROUNDS: Final = 3


def measure(lab: Lab) -> list[Measured]:
    """One agency publishes ready-made event objects and waits for all confirmations; validation included."""
    agency, events = _events_of_one_agency()
    rates = []
    with lab.bus("sdk") as bus:
        bus.make_topics([agency])
        settings = AgencySettings(kafka=bus.kafka)
        for _ in range(_ROUNDS):
            with CaseStatusProducer(settings, agency=agency) as producer:
                summary = producer.publish_many(events)
            rates.append(summary.events_per_second)
            lab.note(f"sdk: {summary.published:,} events confirmed at {summary.events_per_second:,.0f} events/s")
    return [Measured("sdk.events_per_second", median(rates), "events/s")]


def _events_of_one_agency() -> tuple[str, list[CaseEvent]]:
    """The same few thousand objects again and again: making them is not the SDK's work."""
    published = simulation(20_000)
    agency = published.agencies[0]
    values = [submission.value for submission in published.submissions() if submission.agency == agency]
    events = [decode_event(value) for value in values if value is not None]
    return agency, (events * (_EVENTS // len(events) + 1))[:_EVENTS]


BENCHMARK: Final = Benchmark("sdk", measure, produces=("sdk.events_per_second",))
