"""How long records took, counted a batch at a time."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter as Counts
from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from casebus_producers.metric_declaration import HistogramDeclaration

LATENCY_BOUNDS_SECONDS = (
    *(0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.25, 0.4, 0.6),
    *(1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 1800.0),
)
"""For the way of an event through the bus: fine where the promises are, coarse where it is only late."""


class BulkHistogram(Collector):
    """A histogram, in seconds with one label, of how old records are when something is done with them.

    A collector of its own, because a transaction settles thousands of records at once and the client library's
    ``observe`` costs a microsecond for each. One thread observes a label; any may collect.
    """

    def __init__(
        self, declaration: HistogramDeclaration, registry: CollectorRegistry, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._declaration = declaration
        self._bounds_ms = [bound * 1000 for bound in declaration.bounds]
        self._clock = clock
        self._buckets: dict[str, list[int]] = {}
        self._sums: dict[str, float] = {}
        registry.register(self)

    def observe_ages(self, label: str, timestamps_ms: Iterable[int]) -> None:
        """Count records of these timestamps as being done with now."""
        now = int(self._clock() * 1000)
        buckets = self._buckets.setdefault(label, [0] * (len(self._bounds_ms) + 1))
        total = 0
        for timestamp, count in Counts(timestamps_ms).items():
            age = max(0, now - timestamp)  # another machine's clock may be ahead of ours
            total += count * age
            buckets[bisect_left(self._bounds_ms, age)] += count
        self._sums[label] = self._sums.get(label, 0.0) + total / 1000

    def collect(self) -> Iterator[Metric]:
        """Prometheus's call."""
        family = self._declaration.family()
        for label, counts in list(self._buckets.items()):
            cumulative, buckets = 0, []
            for bound, count in zip([*map(str, self._declaration.bounds), "+Inf"], counts, strict=True):
                cumulative += count
                buckets.append((bound, cumulative))
            family.add_metric([label], buckets, self._sums.get(label, 0.0))
        yield family

    def describe(self) -> Iterator[Metric]:
        """The name alone, so that a registry can tell that it has it."""
        yield self._declaration.family()
