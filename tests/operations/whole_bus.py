"""All processes of a bus, started and stopped together, and the databases of two of them."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Self

import httpx
import psycopg
from tests.bus import Bus
from tests.operations.probes import READY, Probes

from casebus_local.ports import free_port
from casebus_local.processes import CasebusProcess
from casebus_local.waiting import wait_until


class Replica:
    """One profile process and its public port."""

    def __init__(self, bus: Bus, dsn: str) -> None:
        self.port, operations_port = free_port(), free_port()
        self.process = bus.run(
            "profile",
            CASEBUS_DATABASE__DSN=dsn,
            CASEBUS_PROFILE__PORT=str(self.port),
            CASEBUS_PROFILE__OPERATIONS_PORT=str(operations_port),
            CASEBUS_PROFILE__CONSUMER_GROUP=f"{bus.topics.prefix}-profile",
        )
        self.probes = Probes(self.process, operations_port)

    def overview_of(self, bus: Bus, citizen: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {bus.stack.tokens.issue(citizen)}"}
        return httpx.get(f"http://127.0.0.1:{self.port}/v1/overview", headers=headers, timeout=10)


class WholeBus:
    """Streams, sources and profile on one bus; in ``with``, all are ready, and killed at the end.

    ``streams`` is what the streams' environment has besides.
    """

    def __init__(self, bus: Bus, dsn: str, **streams: str) -> None:
        self.bus = bus
        self._dsn = dsn
        self._streams = streams
        self._open = ExitStack()
        self.processes: dict[str, CasebusProcess] = {}

    def stop(self, *, within_seconds: float) -> dict[str, int]:
        """SIGTERM to all at once; the exit code of each. Raises ``TimeoutError``."""
        for process in self.processes.values():
            process.terminate()
        return {name: process.wait(within_seconds) for name, process in self.processes.items()}

    def __enter__(self) -> Self:
        ports = free_port(), free_port()
        replica = Replica(self.bus, self._dsn)
        streams = self.bus.run_streams(CASEBUS_STREAMS__METRICS_PORT=str(ports[0]), **self._streams)
        sources = self.bus.run("sources", CASEBUS_SOURCES__METRICS_PORT=str(ports[1]))
        self.processes = {"streams": streams, "sources": sources, "profile": replica.process}
        for process in self.processes.values():
            self._open.enter_context(process)
        for probes in (Probes(streams, ports[0]), Probes(sources, ports[1]), replica.probes):
            probes.wait_for(READY)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()


def wait_until_stored(dsn: str, versions: dict[str, int], *, timeout_seconds: float = 60) -> None:
    """Until profile's database has each party at its version."""

    def is_stored() -> bool:
        with psycopg.connect(dsn) as connection:
            rows = connection.execute("SELECT party_ref, version FROM overviews").fetchall()
        return dict(rows) == versions

    wait_until(is_stored, timeout_seconds=timeout_seconds, describe=f"{len(versions)} overviews are stored")
