"""What a stage's source reports to Prometheus: read from it when it is scraped, so that no record pays for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from casebus_producers.metric_declaration import CounterDeclaration, GaugeDeclaration
from casebus_streams.source import Source

LAG_RECORDS: Final = GaugeDeclaration(
    name="casebus_stage_lag_records",
    unit="records",
    labels=("stage",),
    meaning="Records between the committed position and the end, over this worker's partitions",
)
LAG_SECONDS: Final = GaugeDeclaration(
    name="casebus_stage_lag_seconds",
    unit="seconds",
    labels=("stage",),
    meaning="Age of the oldest record that is not committed, by when the bus received it; 0 when all are",
)
STALLED_SECONDS: Final = GaugeDeclaration(
    name="casebus_stage_stalled_seconds",
    unit="seconds",
    labels=("stage",),
    meaning="How long the partition that has waited longest has not moved although it has records; 0 when all move",
)
PARTITIONS: Final = GaugeDeclaration(
    name="casebus_stage_partitions", unit="partitions", labels=("stage",), meaning="Partitions that this worker has"
)
REBALANCES: Final = CounterDeclaration(
    name="casebus_stage_rebalances",
    unit="rebalances",
    labels=("stage", "what"),
    meaning="Times that this worker was given partitions (assigned), gave some back (revoked) or was found to be "
    "too late to (lost)",
)

GAUGES: Final = (LAG_RECORDS, LAG_SECONDS, STALLED_SECONDS, PARTITIONS)


class SourceCollector(Collector):
    """The metrics above, of the stages that are watched."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._sources: dict[str, Source] = {}
        registry.register(self)

    def watch(self, stage: str, source: Source) -> None:
        """Report on ``source`` from now on as the one of ``stage``."""
        self._sources[stage] = source

    def collect(self) -> Iterable[Metric]:
        """Prometheus's call, from a thread of its own."""
        records, seconds, stalled, partitions = (gauge.family() for gauge in GAUGES)
        rebalances = REBALANCES.family()
        for stage, source in list(self._sources.items()):
            records.add_metric([stage], source.lag.records)
            seconds.add_metric([stage], source.lag.seconds)
            stalled.add_metric([stage], source.lag.stalled_seconds)
            partitions.add_metric([stage], source.lag.partitions)
            for what, times in source.rebalances.items():
                rebalances.add_metric([stage, what], times)
        return [records, seconds, stalled, partitions, rebalances]

    def describe(self) -> Iterable[Metric]:
        """The names alone, so that a registry can tell that it has them."""
        return [*(gauge.family() for gauge in GAUGES), REBALANCES.family()]
