"""A service downstream: changes read from Kafka, decoded and handed over one by one, in one process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import cycle, islice
from statistics import median
from typing import Any, Final

from benchmarks.bus import BenchBus
from benchmarks.lab import Benchmark, Lab
from benchmarks.results import Measured
from benchmarks.topic_record import TopicRecord
from benchmarks.workload import Workload

from casebus_consumers.subscriber import CHANGES, LIGHT_CHANGES, Feed, subscribe
from casebus_schemas import partition_of
from casebus_streams.fold import apply

_ROUNDS: Final = 3
_PATTERN_EVENTS: Final = 6_000
_PATTERN_PARTIES: Final = 500
_WARM_UP_SHARE: Final = 0.1
"""Joining the group and filling the client's queue are not what is measured."""


def changes(count: int, partitions: int) -> Iterator[TopicRecord]:
    """``count`` records of the changes topic: those of some thousand events, again and again."""
    overviews: dict[str, bytes] = {}
    made: list[TopicRecord] = []
    for record in Workload(_PATTERN_EVENTS, _PATTERN_PARTIES).records():
        party = str(record.key).partition("/")[0]
        overview, change = apply(overviews.get(party), record.value or b"")
        if overview is not None and change is not None:
            overviews[party] = overview
            made.append(TopicRecord(partition_of(party, partitions), party, change))
    return islice(cycle(made), count)


def measure(lab: Lab) -> list[Measured]:
    """Interleaved: the light feed and the models, each as a new group over the same topic."""
    count = lab.sized(quick=20_000, default=500_000, long=2_000_000)
    rates: dict[str, list[float]] = {"light": [], "models": []}
    with lab.bus("consumer") as bus:
        bus.make_topics()
        lab.say(f"filling {bus.topics.changes} with {count:,} changes")
        bus.fill(bus.topics.changes, changes(count, bus.partitions), transactional=True)
        for number in range(_ROUNDS):
            rates["light"].append(_read(lab, bus, LIGHT_CHANGES, f"light.{number}", count))
            rates["models"].append(_read(lab, bus, CHANGES, f"models.{number}", count // 4))
    return [
        Measured("consumer.changes_per_second", median(rates["light"]), "changes/s"),
        Measured("consumer.model_changes_per_second", median(rates["models"]), "changes/s"),
    ]


def _read(lab: Lab, bus: BenchBus, feed: Feed[Any], name: str, count: int) -> float:
    """Changes per second by the clock, from the end of the warm-up to the last one."""
    warm, handed_over = int(count * _WARM_UP_SHARE), 0
    started = cpu_before = 0.0
    with subscribe(bus.kafka, feed, group=f"{bus.topics.prefix}.{name}") as subscriber:
        for received in subscriber:
            handed_over += 1
            if handed_over == warm:
                started, cpu_before = time.perf_counter(), time.process_time()
            elif handed_over == count:
                if received.value.version < 1:
                    raise RuntimeError("a change that nobody made")
                break
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_before
    rate = (count - warm) / seconds
    lab.note(f"consumer, {name}: {rate:,.0f} changes/s, {1e6 * cpu_seconds / (count - warm):.1f} µs of CPU each")
    return rate


BENCHMARK: Final = Benchmark(
    "consumer", measure, produces=("consumer.changes_per_second", "consumer.model_changes_per_second")
)
"""Registered in ``benchmarks.bench``."""
