"""A rolling restart of streams and profile under load, as a reader sees it: no error, and no step back in time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from itertools import count
from types import TracebackType
from typing import Any, Self

import httpx
import pytest
from tests.bus import Bus
from tests.operations.probes import READY, Probes
from tests.operations.whole_bus import Replica
from tests.streams.test_streams_kafka import AGENCY, SOMEBODY, event_bytes

from casebus_local.ports import free_port
from casebus_local.waiting import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.campaign, pytest.mark.timeout(240)]

CITIZEN = SOMEBODY.number


class Proxy:
    """What stands before the replicas: one that refuses the connection is passed over, as any proxy does.

    Asks for one citizen's overview all the time, and keeps every answer that a reader would have complained of.
    """

    def __init__(self, bus: Bus, replicas: list[Replica]) -> None:
        self._bus = bus
        self.replicas = replicas
        self.version = 0
        self.answers = 0
        self.complaints: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read)

    def _read(self) -> None:
        while not self._stop.is_set():
            answer = self._ask()
            if answer is None:
                continue
            self.answers += 1
            if answer.status_code != READY:
                self.complaints.append(f"{answer.status_code} {answer.text[:80]}")
            elif (version := answer.json()["version"]) < self.version:
                self.complaints.append(f"version {version} after {self.version}")
            else:
                self.version = version

    def _ask(self) -> httpx.Response | None:
        refusals = []
        # Twice, since the list may be renewed while one is asked that is no longer in it.
        for replica in (each for _ in range(2) for each in list(self.replicas)):
            try:
                return replica.overview_of(self._bus, CITIZEN)
            except httpx.TransportError as error:
                refusals.append(f"{replica.port}: {error!r}")
        self.complaints.append(f"no replica answers: {', '.join(refusals)}")
        return None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(30)


class Worker:
    """A streams worker and its operations port."""

    def __init__(self, bus: Bus, worker_id: str) -> None:
        port = free_port()
        self.process = bus.run_streams(worker_id, CASEBUS_STREAMS__METRICS_PORT=str(port))
        self.probes = Probes(self.process, port)


def replace_one(old: Worker | Replica, fresh: Callable[[], Any]) -> Any:
    """As an orchestrator does it: the old one has ended before the new one starts, which counts once it is ready."""
    old.process.terminate()
    assert old.process.wait(30) == 0, old.process.log_tail()
    made = fresh()
    made.probes.wait_for(READY)
    return made


def test_readers_see_no_error_while_workers_and_replicas_are_restarted(bus: Bus, database: str) -> None:
    bus.make_topics([AGENCY])
    sequences = count(1)

    def publish() -> int:
        sequence = next(sequences)
        with bus.producer() as producer:
            producer.produce(bus.topics.submitted(AGENCY), event_bytes(sequence), b"case-1")
        return sequence

    workers = [Worker(bus, "w1"), Worker(bus, "w2")]
    replicas = [Replica(bus, database), Replica(bus, database)]
    try:
        for each in all_of(workers, replicas):
            each.probes.wait_for(READY)
        with Proxy(bus, replicas) as proxy:
            publish()
            workers[0] = replace_one(workers[0], lambda: Worker(bus, "w1"))
            for number in range(2):
                publish()
                replicas[number] = replace_one(replicas[number], lambda: Replica(bus, database))
            last = publish()
            wait_until(lambda: proxy.version >= last, timeout_seconds=40, describe="a reader sees the last event")
        assert proxy.complaints == []
        assert proxy.answers > 50
    finally:
        for each in all_of(workers, replicas):
            each.process.kill()


def all_of(workers: list[Worker], replicas: list[Replica]) -> Iterator[Worker | Replica]:
    yield from workers
    yield from replicas
