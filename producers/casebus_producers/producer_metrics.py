"""What a producer reports to Prometheus: read from its counts when they are scraped, so that no event pays for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from casebus_producers.metric_declaration import CounterDeclaration, GaugeDeclaration

PRODUCER_EVENTS: Final = CounterDeclaration(
    name="casebus_producer_events",
    unit="events",
    labels=("agency", "outcome"),
    meaning="Events by outcome: delivered, failed, refused (breaks the contract), not-taken (the queue stayed full)",
)
PRODUCER_PENDING: Final = GaugeDeclaration(
    name="casebus_producer_pending_events", unit="events", labels=("agency",), meaning="Events on their way"
)
PRODUCER_WAITS: Final = CounterDeclaration(
    name="casebus_producer_waits",
    unit="waits",
    labels=("agency",),
    meaning="Times that publish waited for room in the queue",
)
PRODUCER_WAIT_SECONDS: Final = CounterDeclaration(
    name="casebus_producer_wait_seconds",
    unit="seconds",
    labels=("agency",),
    meaning="Time that publish waited for room in the queue",
)
PRODUCER_CONNECTION_PROBLEMS: Final = CounterDeclaration(
    name="casebus_producer_connection_problems",
    unit="problems",
    labels=("agency",),
    meaning="Problems that Kafka's client reported",
)


@dataclass(slots=True)
class SendCounts:
    """What happened so far, in events unless said otherwise. ``taken`` ones are delivered, failed or pending."""

    taken: int = 0
    delivered: int = 0
    failed: int = 0
    refused: int = 0
    not_taken: int = 0
    waits: int = 0
    waited_seconds: float = 0.0
    connection_problems: int = 0

    @property
    def pending(self) -> int:
        """On their way."""
        return self.taken - self.delivered - self.failed


class ProducerMetrics(Collector):
    """All metrics ``casebus_producer_*`` of a process, in the given registry; several producers may share them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._watched: list[tuple[str, SendCounts]] = []
        registry.register(self)

    def watch(self, agency: str, counts: SendCounts) -> None:
        """Report ``counts`` from now on, summed over an agency's producers. For the producers."""
        self._watched.append((agency, counts))

    def collect(self) -> Iterable[Metric]:
        """Prometheus's call."""
        events, pending, waits = PRODUCER_EVENTS.family(), PRODUCER_PENDING.family(), PRODUCER_WAITS.family()
        waited, problems = PRODUCER_WAIT_SECONDS.family(), PRODUCER_CONNECTION_PROBLEMS.family()
        for agency, counts in self._sums():
            for outcome in ("delivered", "failed", "refused", "not_taken"):
                events.add_metric([agency, outcome.replace("_", "-")], getattr(counts, outcome))
            pending.add_metric([agency], counts.pending)
            waits.add_metric([agency], counts.waits)
            waited.add_metric([agency], counts.waited_seconds)
            problems.add_metric([agency], counts.connection_problems)
        return [events, pending, waits, waited, problems]

    def _sums(self) -> Iterator[tuple[str, SendCounts]]:
        for agency in sorted({agency for agency, _ in self._watched}):
            all_counts = [counts for name, counts in self._watched if name == agency]
            yield (
                agency,
                SendCounts(
                    **{
                        name: sum(getattr(counts, name) for counts in all_counts)
                        for name in SendCounts.__dataclass_fields__
                    }
                ),
            )
