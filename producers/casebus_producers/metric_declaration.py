"""Metrics as data: each is declared once, and both the process that reports it and the page about it read that.

A module's declarations are its constants; ``declarations_in`` finds them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import ClassVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricDeclaration:
    """``name`` as Prometheus shows it. ``unit`` is what is counted or measured.

    ``labels`` are bounded, and never a party or a case; ``meaning`` says what each value of a label stands for.
    """

    kind: ClassVar[str]
    name: str
    unit: str
    meaning: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterDeclaration(MetricDeclaration):
    """Only rises, and begins again at 0 with its process."""

    kind: ClassVar[str] = "counter"

    def made_in(self, registry: CollectorRegistry) -> Counter:
        """The metric itself. Raises ``ValueError`` when ``registry`` has it already."""
        return Counter(self.name, self.meaning, self.labels, registry=registry)

    def family(self) -> CounterMetricFamily:
        """For a collector that reads its numbers only when it is asked."""
        return CounterMetricFamily(self.name, self.meaning, labels=self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class GaugeDeclaration(MetricDeclaration):
    """How it stands now."""

    kind: ClassVar[str] = "gauge"

    def made_in(self, registry: CollectorRegistry) -> Gauge:
        """As ``CounterDeclaration.made_in``."""
        return Gauge(self.name, self.meaning, self.labels, registry=registry)

    def family(self) -> GaugeMetricFamily:
        """As ``CounterDeclaration.family``."""
        return GaugeMetricFamily(self.name, self.meaning, labels=self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramDeclaration(MetricDeclaration):
    """How often values up to each of ``bounds`` occurred, and their sum."""

    kind: ClassVar[str] = "histogram"
    bounds: tuple[float, ...]

    def made_in(self, registry: CollectorRegistry) -> Histogram:
        """As ``CounterDeclaration.made_in``."""
        return Histogram(self.name, self.meaning, self.labels, registry=registry, buckets=self.bounds)

    def family(self) -> HistogramMetricFamily:
        """As ``CounterDeclaration.family``."""
        return HistogramMetricFamily(self.name, self.meaning, labels=self.labels)


def declarations_in(module: ModuleType) -> Iterator[MetricDeclaration]:
    """What ``module`` declares or takes over from another, in its order."""
    return (value for value in vars(module).values() if isinstance(value, MetricDeclaration))
