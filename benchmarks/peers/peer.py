"""What the benchmark needs of an engine that does the overviews job."""

from __future__ import annotations

from typing import Protocol

from benchmarks.bus import BenchBus

from casebus_local.child_process import ChildProcess


class Peer(Protocol):
    """Reads the accepted log, keeps each party's overview, writes overviews and changes."""

    @property
    def name(self) -> str:
        """As the table shows it: engine, guarantee and store."""

    def group(self, bus: BenchBus) -> str:
        """The consumer group whose committed offsets say how far it is."""

    def start(self, bus: BenchBus) -> ChildProcess:
        """Start one process on this bus. It runs until it is stopped."""
