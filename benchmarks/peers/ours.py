"""The project's own overviews stage, run as an operator runs it."""

from __future__ import annotations

from benchmarks.bus import BenchBus

from casebus_local.child_process import ChildProcess


class Ours:
    """``casebus run streams --stages overviews``: exactly once, cache in memory, one process, default settings."""

    name = "casebus overviews, exactly once"

    def group(self, bus: BenchBus) -> str:
        """The stage's own."""
        return f"{bus.topics.prefix}.overviews"

    def start(self, bus: BenchBus) -> ChildProcess:
        """Start a worker."""
        return bus.stack.run("run", "streams", "--stages", "overviews", **bus.environment)
