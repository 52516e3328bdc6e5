"""Intake: full validation, pseudonyms and fan-out, beside merely reading and parsing the same records."""

from __future__ import annotations

import time
from statistics import median
from typing import Final

import orjson
from benchmarks.bus import BenchBus
from benchmarks.lab import Benchmark, Lab
from benchmarks.measure import rate_of, watch
from benchmarks.results import Measured
from benchmarks.submitted import fill_submitted, simulation

_ROUNDS: Final = 3
_WARM_UP_SHARE: Final = 1 / 5
_TIMEOUT_SECONDS: Final = 300.0
_BATCH: Final = 10_000
_STOP_SECONDS: Final = 60.0


def measure(lab: Lab) -> list[Measured]:
    """Interleaved: intake over the filled topics, then a loop that only consumes and parses."""
    events = lab.sized(quick=20_000, default=200_000, long=1_000_000)
    published = simulation(events)
    with lab.bus("intake") as bus:
        bus.make_topics(published.agencies)
        lab.say(f"filling {len(published.agencies)} agencies' topics with {events:,} events")
        submitted = fill_submitted(bus, list(published.submissions()))
        kept = [*submitted, *(bus.topics.rejected(agency) for agency in published.agencies)]
        intake, parsing = [], []
        for _ in range(_ROUNDS):
            intake.append(_run_intake(lab, bus, submitted, kept, events))
            parsing.append(_consume_and_parse(bus, submitted, events))
            lab.note(f"consume and parse alone: {parsing[-1]:,.0f} events/s")
    return [
        Measured("intake.events_per_second", median(intake), "events/s"),
        Measured("intake.consume_parse_per_second", median(parsing), "events/s"),
        Measured("intake.ratio_consume_parse", median(map(_ratio, intake, parsing)), "times"),
    ]


def _ratio(one: float, other: float) -> float:
    return one / other


def _run_intake(lab: Lab, bus: BenchBus, submitted: list[str], kept: list[str], events: int) -> float:
    """Events per second: accepted records by their time of arrival, brought back to events by their proportion."""
    bus.renew_outputs(keep=kept)
    committed = bus.committed(f"{bus.topics.prefix}.intake", submitted)
    with bus.stack.run("run", "streams", "--stages", "intake", **bus.environment) as process:
        usage = watch(process, committed, events, broker_pid=lab.broker_pid, timeout_seconds=_TIMEOUT_SECONDS)
        process.stop(timeout_seconds=_STOP_SECONDS)
    accepted = list(bus.read(bus.topics.accepted))
    rate = rate_of(accepted, warm_up_share=_WARM_UP_SHARE) * events / len(accepted)
    lab.note(
        f"intake: {rate:,.0f} events/s, {len(accepted) / events:.2f} accepted records per event; "
        f"CPU {usage.steady_cpu_us_per_record:.1f} µs/event, peak {usage.peak_rss_mib:,.0f} MiB"
    )
    return rate


def _consume_and_parse(bus: BenchBus, topics: list[str], events: int) -> float:
    """From the first batch on, so that connecting is not counted."""
    consumer, _ = bus.reader(*topics)
    first = consumer.consume(1, _TIMEOUT_SECONDS)
    started, remaining = time.perf_counter(), events - len(first)
    while remaining:
        messages = consumer.consume(min(_BATCH, remaining), 1)
        for message in messages:
            if message.error() is None:
                orjson.loads(message.value() or b"")
                remaining -= 1
        if time.perf_counter() - started > _TIMEOUT_SECONDS:
            raise TimeoutError(f"not within {_TIMEOUT_SECONDS:g} s: all submitted events read")
    seconds = time.perf_counter() - started
    consumer.close()
    return events / seconds


BENCHMARK: Final = Benchmark(
    "intake",
    measure,
    produces=("intake.events_per_second", "intake.consume_parse_per_second", "intake.ratio_consume_parse"),
)
