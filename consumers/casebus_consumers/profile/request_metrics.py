"""What requests report to Prometheus."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry

from casebus_producers.metric_declaration import CounterDeclaration, HistogramDeclaration

REQUESTS: Final = CounterDeclaration(
    name="casebus_profile_requests",
    unit="requests",
    labels=("path", "status"),
    meaning="Requests by path (one of those that exist, as its template, or other) and status",
)
REQUEST_SECONDS: Final = HistogramDeclaration(
    name="casebus_profile_request_seconds",
    unit="seconds",
    labels=("path",),
    bounds=(0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
    meaning="Time until the answer to a request begins",
)


class RequestMetrics:
    """All metrics ``casebus_profile_request*``, in the given registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = REQUESTS.made_in(registry)
        self.seconds = REQUEST_SECONDS.made_in(registry)
