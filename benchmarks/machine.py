"""On what and with what was measured."""

from __future__ import annotations

import platform
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import psutil
from benchmarks.peers.kafka_streams import PROJECT, SOURCES

from casebus_local.java import find_java

_PACKAGES: Final = ("confluent-kafka", "faust-streaming", "aiokafka", "msgspec", "orjson", "pydantic", "granian")


def machine() -> dict[str, Any]:
    """Processor, memory and system."""
    return {
        "processor": _processor(),
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def versions() -> dict[str, str]:
    """Of what does the work."""
    return {
        **{package: version(package) for package in _PACKAGES},
        "java": find_java().version,
        "kafka broker": _kafka_version(PROJECT / "deploy" / "kafka" / "pom.xml"),
        "kafka streams": _kafka_version(SOURCES / "pom.xml"),
    }


def _processor() -> str:
    description = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", description.read_text()) if description.exists() else None
    return found.group(1) if found else platform.processor()


def _kafka_version(pom: Path) -> str:
    found = re.search(r"<kafka\.version>([\w.-]+)</kafka\.version>", pom.read_text())
    return found.group(1) if found else "unknown"
