"""Which parts of the bus run, in which version."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from casebus_producers.metric_declaration import GaugeDeclaration

PART_INFO: Final = GaugeDeclaration(
    name="casebus_part_info",
    unit="1",
    labels=("part", "version"),
    meaning="1 for each part of the bus that this process is: intake, overviews, sources, profile, notifier",
)


class Parts:
    """The parts that this process is, in the given registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._info: Gauge = PART_INFO.made_in(registry)

    def announce(self, part: str) -> None:
        """From now on, ``part`` runs here."""
        self._info.labels(part, version("casebus")).set(1)
