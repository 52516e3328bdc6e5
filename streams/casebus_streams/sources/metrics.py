"""What Prometheus gets to know of the agencies' freshness, from the worker that judges it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry

from casebus_producers.metric_declaration import CounterDeclaration, GaugeDeclaration
from casebus_producers.part_info import Parts
from casebus_schemas import SourceFreshness, SourceState
from casebus_streams.metrics import DEAD_LETTERS

LAST_EVENT: Final = GaugeDeclaration(
    name="casebus_source_last_event_timestamp_seconds",
    unit="seconds since 1970",
    labels=("agency",),
    meaning="When the bus received the agency's last event",
)
SILENT: Final = GaugeDeclaration(
    name="casebus_source_silent",
    unit="0 or 1",
    labels=("agency",),
    meaning="1 while the agency is quiet for much longer than usual, else 0",
)
REJECTED_RATIO: Final = GaugeDeclaration(
    name="casebus_source_rejected_ratio",
    unit="0 to 1",
    labels=("agency",),
    meaning="Share of the agency's events of the last day that were rejected",
)
STATEMENTS: Final = CounterDeclaration(
    name="casebus_sources_statements", unit="records", meaning="Records written to the sources topic"
)


class SourceMetrics:
    """All metrics of ``casebus run sources``, in one registry. A worker that stands by shows none of the gauges."""

    def __init__(self, registry: CollectorRegistry) -> None:
        Parts(registry).announce("sources")
        self.last_event = LAST_EVENT.made_in(registry)
        self.silent = SILENT.made_in(registry)
        self.rejected_ratio = REJECTED_RATIO.made_in(registry)
        self.statements = STATEMENTS.made_in(registry)
        self.dead_letters = DEAD_LETTERS.made_in(registry)

    def show(self, sources: Iterable[SourceFreshness]) -> None:
        """The agencies as they are now."""
        for source in sources:
            if source.last_event_at is not None:
                self.last_event.labels(source.agency).set(source.last_event_at.timestamp())
            self.silent.labels(source.agency).set(source.state is SourceState.SILENT)
            events = source.accepted_last_day + source.rejected_last_day
            self.rejected_ratio.labels(source.agency).set(source.rejected_last_day / events if events else 0.0)

    def stand_by(self) -> None:
        """Another worker judges now: gauges that stand still would contradict its own."""
        for gauge in (self.last_event, self.silent, self.rejected_ratio):
            gauge.clear()
