"""The operator's commands as a test calls them: real processes on the test's bus."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from tests.bus import Bus


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended."""

    code: int
    out: bytes
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """What ``--json`` printed."""
        parsed: dict[str, Any] = json.loads(self.out)
        return parsed


def casebus(bus: Bus, *arguments: str, timeout_seconds: float = 90, stdin: str = "") -> Ended:
    """Run ``casebus ARGUMENTS`` to its end."""
    return run_module(bus, "casebus_producers.cli", *arguments, timeout_seconds=timeout_seconds, stdin=stdin)


def run_module(bus: Bus, module: str, *arguments: str, timeout_seconds: float = 90, stdin: str = "") -> Ended:
    """Run ``python -m MODULE ARGUMENTS`` to its end, with the settings of a command."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env={**os.environ, **bus.stack.environment, **settings(bus)},
        input=stdin.encode(),
        capture_output=True,
        timeout=timeout_seconds,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr.decode())


def settings(bus: Bus) -> dict[str, str]:
    """Small batches, so that little work has many steps."""
    return {"CASEBUS_KAFKA__TOPIC_PREFIX": bus.topics.prefix, "CASEBUS_STREAMS__BATCH_MAX_RECORDS": "200"}
