"""What the profile service's work on the database reports to Prometheus."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry

from casebus_producers.metric_declaration import HistogramDeclaration

DATABASE_SECONDS: Final = HistogramDeclaration(
    name="casebus_profile_database_seconds",
    unit="seconds",
    labels=("what",),
    bounds=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
    meaning="Time of a query that answers waiting requests (read) or of a transaction on the service's own tables "
    "(own), waiting for a connection included, failures too",
)


class DatabaseMetrics:
    """All metrics ``casebus_profile_database_*``, in the given registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        seconds = DATABASE_SECONDS.made_in(registry)
        self.read_seconds = seconds.labels("read")
        self.own_seconds = seconds.labels("own")
