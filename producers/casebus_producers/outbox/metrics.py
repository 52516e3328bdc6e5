"""What a relay reports to Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class OutboxMetrics:
    """All metrics ``casebus_outbox_*`` of one relay, in the given registry. No label: a relay serves one agency."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.relayed = Counter("casebus_outbox_relayed", "Events that Kafka has confirmed", registry=registry)
        self.refused = Counter(
            "casebus_outbox_refused", "Rows that hold no valid event of this agency; they stay", registry=registry
        )
        self.retries = Counter(
            "casebus_outbox_retries", "Batches put back because Kafka or the database was away", registry=registry
        )
        self.age = Gauge(
            "casebus_outbox_age_seconds", "Age of the oldest event in hand; 0 when none waits", registry=registry
        )
