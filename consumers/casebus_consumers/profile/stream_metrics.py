"""What open streams report to Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge

from casebus_consumers.profile.overview_signals import OverviewSignals


class StreamMetrics:
    """All metrics ``casebus_profile_streams*`` of one process, in the given registry."""

    def __init__(self, registry: CollectorRegistry, signals: OverviewSignals) -> None:
        self.open = Gauge("casebus_profile_streams_open", "Streams that are open now", registry=registry)
        self.open.set_function(lambda: signals.open_streams)
