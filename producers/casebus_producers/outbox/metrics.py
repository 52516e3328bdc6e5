"""What a relay reports to Prometheus."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry

from casebus_producers.metric_declaration import CounterDeclaration, GaugeDeclaration

OUTBOX_RELAYED: Final = CounterDeclaration(
    name="casebus_outbox_relayed", unit="events", meaning="Events that Kafka has confirmed"
)
OUTBOX_REFUSED: Final = CounterDeclaration(
    name="casebus_outbox_refused", unit="rows", meaning="Rows that hold no valid event of this agency; they stay"
)
OUTBOX_RETRIES: Final = CounterDeclaration(
    name="casebus_outbox_retries",
    unit="batches",
    meaning="Batches put back because Kafka or the database was away",
)
OUTBOX_AGE: Final = GaugeDeclaration(
    name="casebus_outbox_age_seconds", unit="seconds", meaning="Age of the oldest event in hand; 0 when none waits"
)


class OutboxMetrics:
    """All metrics ``casebus_outbox_*`` of one relay, in the given registry. No label: a relay serves one agency."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.relayed = OUTBOX_RELAYED.made_in(registry)
        self.refused = OUTBOX_REFUSED.made_in(registry)
        self.retries = OUTBOX_RETRIES.made_in(registry)
        self.age = OUTBOX_AGE.made_in(registry)
