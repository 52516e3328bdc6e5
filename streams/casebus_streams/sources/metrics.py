"""What Prometheus gets to know of the agencies' freshness, from the worker that judges it."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge

from casebus_schemas import SourceFreshness, SourceState


class SourceMetrics:
    """All metrics of ``casebus run sources``, in one registry. A worker that stands by shows none of the gauges."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.last_event = Gauge(
            "casebus_source_last_event_timestamp_seconds",
            "When the bus received the agency's last event, in seconds since 1970",
            ["agency"],
            registry=registry,
        )
        self.silent = Gauge(
            "casebus_source_silent",
            "1 while the agency is quiet for much longer than usual, else 0",
            ["agency"],
            registry=registry,
        )
        self.rejected_ratio = Gauge(
            "casebus_source_rejected_ratio",
            "Share of the agency's events of the last day that were rejected, 0 to 1",
            ["agency"],
            registry=registry,
        )
        self.statements = Counter(
            "casebus_sources_statements", "Records written to the sources topic", registry=registry
        )
        self.dead_letters = Counter(
            "casebus_dead_letters", "Records that no code could handle", ["stage", "reason"], registry=registry
        )

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
