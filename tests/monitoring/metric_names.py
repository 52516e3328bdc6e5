"""Which metrics an expression asks for, and which there are."""

from __future__ import annotations

import re

from casebus_local.monitoring.catalogue import PARTS
from casebus_producers.metric_declaration import MetricDeclaration

PROMETHEUS_OWN = {"ALERTS", "up"}
CLIENT_OWN = {"process_start_time_seconds", "process_resident_memory_bytes", "process_cpu_seconds_total"}

_NAME = re.compile(r"\b(?:casebus|process)_\w+")


def series_of(declaration: MetricDeclaration) -> set[str]:
    """The names under which Prometheus keeps it."""
    suffixes = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
    return {f"{declaration.name}{suffix}" for suffix in suffixes[declaration.kind]}


def known_series() -> set[str]:
    """All that the processes export."""
    return {name for part in PARTS for each in part.declarations for name in series_of(each)} | CLIENT_OWN


def asked_for(expression: str) -> set[str]:
    """The names of metrics in an expression."""
    return set(_NAME.findall(expression))
