"""Whether an event costs the same however many events and parties there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from statistics import median
from typing import Final

from benchmarks.bus import BenchBus
from benchmarks.lab import Benchmark, Lab
from benchmarks.measurements.overviews import run_once
from benchmarks.peers.ours import Ours
from benchmarks.results import Measured
from benchmarks.workload import Workload

_EVENTS_PER_PARTY: Final = 10
_POPULATIONS: Final = (1, 1_000, 100_000, 1_000_000)
_EVENTS_OF_PARTIES: Final = 200_000


def measure(lab: Lab) -> list[Measured]:
    """CPU per event, all threads of the worker, after its start; the ratios are the largest to the smallest.

    Medians of rounds in which all sizes take their turn, since what disturbs the machine lasts longer than a run.
    Parties grow with events, ten each, so that overviews stay as large as they are. With the events fixed, fewer
    parties have longer histories: a single one has full histories (``MAX_HISTORY``) from start to end, which is why
    the ratio is also given without it. Overviews written are counted by the end offsets of their topic, so with the
    markers of its transactions, a few for each batch.
    """
    sizes = lab.sized(quick=(40_000,), default=(100_000, 1_000_000), long=(100_000, 1_000_000, 10_000_000))
    populations = lab.sized(quick=(1_000,), default=_POPULATIONS, long=_POPULATIONS)
    rounds = lab.sized(quick=1, default=3, long=1)
    by_events = {events: Workload(events, events // _EVENTS_PER_PARTY) for events in sizes}
    by_parties = {parties: Workload(_EVENTS_OF_PARTIES, parties) for parties in populations}
    costs: defaultdict[Workload, list[float]] = defaultdict(list)
    written: dict[Workload, float] = {}
    with ExitStack() as logs:
        filled = {workload: _filled(lab, logs, workload) for workload in (*by_events.values(), *by_parties.values())}
        # Whoever is first meets a broker that has not warmed up: that run counts for nobody.
        _cost(lab, by_events[sizes[0]], filled[by_events[sizes[0]]])
        for _ in range(rounds):
            for workload, bus in filled.items():
                costs[workload].append(_cost(lab, workload, bus))
                written[workload] = bus.size(bus.topics.overviews) / workload.events
    parties = {size: median(costs[workload]) for size, workload in by_parties.items()}
    return [
        *_report("events", {size: median(costs[workload]) for size, workload in by_events.items()}),
        *_report("parties", parties),
        Measured("growth.cost_ratio_parties_from_1000", _spread(parties, at_least=1_000), "times"),
        *(
            Measured(f"growth.events_{size}.overviews_per_event", written[workload], "overviews")
            for size, workload in by_events.items()
        ),
    ]


def _filled(lab: Lab, logs: ExitStack, workload: Workload) -> BenchBus:
    bus = logs.enter_context(lab.bus("growth"))
    bus.make_topics()
    bus.fill(bus.topics.accepted, workload.records())
    return bus


def _cost(lab: Lab, workload: Workload, bus: BenchBus) -> float:
    run = run_once(lab, Ours(), bus, f"{workload.parties:,} parties")
    return run.usage.steady_cpu_us_per_record


def _report(what: str, costs: Mapping[int, float]) -> list[Measured]:
    return [
        *(Measured(f"growth.{what}_{size}.cpu_us_per_event", cost, "µs") for size, cost in costs.items()),
        Measured(f"growth.cost_ratio_{what}", _spread(costs), "times"),
    ]


def _spread(costs: Mapping[int, float], *, at_least: int = 1) -> float:
    """The dearest to the cheapest, among sizes from ``at_least`` on."""
    compared = [cost for size, cost in costs.items() if size >= at_least]
    return max(compared) / min(compared)


BENCHMARK: Final = Benchmark("growth", measure, produces=("growth",))
