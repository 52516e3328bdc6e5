"""What open streams report to Prometheus."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry

from casebus_consumers.profile.overview_signals import OverviewSignals
from casebus_producers.metric_declaration import GaugeDeclaration

STREAMS_OPEN: Final = GaugeDeclaration(
    name="casebus_profile_streams_open", unit="streams", meaning="Live streams that are open now"
)


class StreamMetrics:
    """All metrics ``casebus_profile_streams*`` of one process, in the given registry."""

    def __init__(self, registry: CollectorRegistry, signals: OverviewSignals) -> None:
        self.open = STREAMS_OPEN.made_in(registry)
        self.open.set_function(lambda: signals.open_streams)
