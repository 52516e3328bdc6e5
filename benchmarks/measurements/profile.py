"""The profile service: reads per second and their latency, and how long a change takes to an open stream."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

import httpx
from benchmarks.bus import BenchBus
from benchmarks.http_load import as_fast_as_possible, at_rate, get_request
from benchmarks.lab import Benchmark, Lab
from benchmarks.results import Measured
from benchmarks.topic_record import TopicRecord
from confluent_kafka import Producer

from casebus_local import fresh_database, wait_until
from casebus_local.demo.probe import percentile
from casebus_local.demo.profile import version_in
from casebus_local.ports import LOOPBACK, free_port
from casebus_local.readiness import wait_until_ready
from casebus_local.simulator import citizen_number
from casebus_producers.settings import PseudonymSettings
from casebus_schemas import partition_of, party_ref

_CITIZENS: Final = 200
_OVERVIEW_BYTES: Final = 2_200
_CONNECTIONS: Final = 32
_STREAMS: Final = 50
_READY_SECONDS: Final = 60.0
_STREAM_TIMEOUT_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class _Citizen:
    """Somebody with an overview and a token."""

    party_ref: str
    token: str

    def overview(self, version: int) -> bytes:
        """A document of a usual size. ``filler`` stands for its cases: the service hands out bytes."""
        head = f'{{"party_ref":"{self.party_ref}","epoch":1,"version":{version},"updated_at":"2026-11-24T12:00:00Z",'
        filler = "x" * (_OVERVIEW_BYTES - len(head) - 30)
        return f'{head}"filler":"{filler}","cases":{{}}}}'.encode()


def measure(lab: Lab) -> list[Measured]:
    """Two hundred citizens, one process; first as many reads as it answers, then half of that at an even rate."""
    seconds = lab.sized(quick=2, default=10, long=60)
    with lab.bus("profile") as bus:
        bus.make_topics()
        citizens = _citizens(bus)
        bus.fill(bus.topics.overviews, _records(bus, citizens, version=1), transactional=True)
        with _running(bus) as port:
            requests = [get_request("/v1/overview", citizen.token) for citizen in citizens]
            asyncio.run(as_fast_as_possible(port, requests, connections=_CONNECTIONS, seconds=2))  # warm-up
            rate = asyncio.run(as_fast_as_possible(port, requests, connections=_CONNECTIONS, seconds=seconds))
            lab.note(f"profile: {rate:,.0f} reads/s of {_OVERVIEW_BYTES:,} bytes over {_CONNECTIONS} connections")
            reads = asyncio.run(at_rate(port, requests, per_second=rate / 2, connections=_CONNECTIONS, seconds=seconds))
            delivered = _stream_delivery(bus, port, citizens[:_STREAMS], rounds=seconds)
    lab.note(f"profile: {len(reads):,} reads at {rate / 2:,.0f}/s; {len(delivered)} changes to {_STREAMS} open streams")
    return [
        Measured("profile.reads_per_second", rate, "reads/s"),
        *(Measured(f"profile.read_ms.{name}", percentile(reads, share), "ms") for name, share in _SHARES.items()),
        *(
            Measured(f"profile.stream_delivery_ms.{name}", percentile(delivered, share), "ms")
            for name, share in _SHARES.items()
        ),
    ]


_SHARES: Final = {"p50": 0.5, "p99": 0.99}


def _citizens(bus: BenchBus) -> list[_Citizen]:
    pepper = PseudonymSettings(pepper_file=bus.stack.keys.pepper_file).read()
    numbers = [citizen_number(index) for index in range(_CITIZENS)]
    return [_Citizen(party_ref(pepper, "citizen", number), bus.stack.tokens.issue(number)) for number in numbers]


def _records(bus: BenchBus, citizens: list[_Citizen], *, version: int) -> list[TopicRecord]:
    return [
        TopicRecord(partition_of(citizen.party_ref, bus.partitions), citizen.party_ref, citizen.overview(version))
        for citizen in citizens
    ]


def _stream_delivery(bus: BenchBus, port: int, citizens: list[_Citizen], *, rounds: int) -> list[float]:
    """Milliseconds from the commit of a change in Kafka until each open stream has it."""
    committed_at = {1: 0.0}
    milliseconds: list[float] = []
    ready = threading.Barrier(len(citizens) + 1)

    def follow(citizen: _Citizen) -> None:
        for version, at in _events(port, citizen):
            if version == 1:
                ready.wait(_STREAM_TIMEOUT_SECONDS)
                continue
            milliseconds.append((at - committed_at[version]) * 1000)
            if version == rounds + 1:
                return

    followers = [threading.Thread(target=follow, args=[citizen]) for citizen in citizens]
    for follower in followers:
        follower.start()
    ready.wait(_STREAM_TIMEOUT_SECONDS)
    producer = Producer(bus.kafka.client_config(transactional_id=f"{bus.topics.prefix}.streams", linger_ms=0))
    producer.init_transactions()
    for version in range(2, rounds + 2):
        producer.begin_transaction()
        for partition, key, value in _records(bus, citizens, version=version):
            producer.produce(bus.topics.overviews, value, key, partition=partition)
        producer.flush()
        # Before the commit returns, a reader may already have what was committed: an early start is the honest one.
        committed_at[version] = time.perf_counter()
        producer.commit_transaction()
        expected = len(citizens) * (version - 1)
        wait_until(
            lambda wanted=expected: len(milliseconds) >= wanted,  # type: ignore[misc]  # its type is the bool's
            timeout_seconds=_STREAM_TIMEOUT_SECONDS,
            describe="all streams have the change",
        )
    for follower in followers:
        follower.join()
    return milliseconds


def _events(port: int, citizen: _Citizen) -> Iterator[tuple[int, float]]:
    """The version in each event, and when it came."""
    url = f"http://{LOOPBACK}:{port}/v1/overview/stream"
    headers = {"authorization": f"Bearer {citizen.token}"}
    with httpx.stream("GET", url, headers=headers, timeout=_STREAM_TIMEOUT_SECONDS) as answer:
        for line in answer.iter_lines():
            if (version := version_in(line)) is not None:
                yield version, time.perf_counter()


@contextmanager
def _running(bus: BenchBus) -> Iterator[int]:
    """The service, caught up; gives its port."""
    port, operations_port = free_port(), free_port()
    with ExitStack() as closing:
        environment = bus.environment | {
            "CASEBUS_DATABASE__DSN": closing.enter_context(fresh_database(bus.stack.dsn)),
            "CASEBUS_PROFILE__PORT": str(port),
            "CASEBUS_PROFILE__OPERATIONS_PORT": str(operations_port),
            "CASEBUS_PROFILE__ACCESS_LOG": "false",
        }
        process = closing.enter_context(bus.stack.run("run", "profile", **environment))
        wait_until_ready(f"http://{LOOPBACK}:{operations_port}", [process], timeout_seconds=_READY_SECONDS)
        yield port
        process.stop(timeout_seconds=10)


BENCHMARK: Final = Benchmark("profile", measure, produces=("profile",))
