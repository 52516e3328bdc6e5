"""Whether an event costs the same however many events and parties there are."""

from __future__ import annotations

from typing import Final

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

    Parties grow with events, ten each, so that overviews stay as large as they are. With the events fixed, fewer
    parties have longer histories: a single one has full histories (``MAX_HISTORY``) from start to end, which is why
    the ratio is also given without it.
    """
    sizes = lab.sized(quick=(40_000,), default=(100_000, 1_000_000), long=(100_000, 1_000_000, 10_000_000))
    populations = lab.sized(quick=(1_000,), default=_POPULATIONS, long=_POPULATIONS)
    # Whoever is first meets a broker that has not warmed up: that run counts for nobody.
    _cost(lab, Workload(sizes[0], sizes[0] // _EVENTS_PER_PARTY))
    by_events = {events: _cost(lab, Workload(events, events // _EVENTS_PER_PARTY)) for events in sizes}
    by_parties = {parties: _cost(lab, Workload(_EVENTS_OF_PARTIES, parties)) for parties in populations}
    return [
        *(Measured(f"growth.events_{events}.cpu_us_per_event", cost, "µs") for events, cost in by_events.items()),
        *(Measured(f"growth.parties_{parties}.cpu_us_per_event", cost, "µs") for parties, cost in by_parties.items()),
        Measured("growth.cost_ratio_events", _spread(by_events), "times"),
        Measured("growth.cost_ratio_parties", _spread(by_parties), "times"),
        Measured("growth.cost_ratio_parties_from_1000", _spread(by_parties, at_least=1_000), "times"),
    ]


def _cost(lab: Lab, workload: Workload) -> float:
    with lab.bus("growth") as bus:
        bus.make_topics()
        bus.fill(bus.topics.accepted, workload.records())
        run = run_once(lab, Ours(), bus, f"{workload.parties:,} parties")
    return run.usage.steady_cpu_us_per_record


def _spread(costs: dict[int, float], *, at_least: int = 1) -> float:
    """The dearest to the cheapest, among sizes from ``at_least`` on."""
    compared = [cost for size, cost in costs.items() if size >= at_least]
    return max(compared) / min(compared)


BENCHMARK: Final = Benchmark("growth", measure, produces=("growth",))
