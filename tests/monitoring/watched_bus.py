"""The whole bus as processes, with agencies that publish, citizens who look and are told, and a Prometheus watching."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from tests.bus import Bus
from tests.monitoring.hurry import hurried_rules
from tests.monitoring.prometheus import Prometheus, running_prometheus

from casebus_local import LocalStack, wait_until
from casebus_local.demo.ledger import Ledger
from casebus_local.demo.notifications import ask_to_be_told
from casebus_local.demo.publish import Agencies
from casebus_local.mailbox.process import notifier_environment
from casebus_local.monitoring.alerts import GROUPS
from casebus_local.ports import LOOPBACK, free_port
from casebus_local.processes import CasebusProcess
from casebus_local.simulator import Simulation, citizen_number
from casebus_producers.settings import AgencySettings
from casebus_schemas import DEFAULT_PARTITIONS
from casebus_streams.access.broker_quotas import BrokerQuotas
from casebus_streams.access.quotas import Quota

JOBS = ("streams", "sources", "profile", "notifier")
EVENTS_PER_SECOND = 40.0
PATIENCE_SECONDS = 60.0
EVERYONE = "ANONYMOUS"
"""What a Kafka that is not secured takes everyone for."""
UNLIMITED = Quota(produce_bytes_per_second=2**40, consume_bytes_per_second=2**40, request_percentage=1e6)


@dataclass
class WatchedBus:
    """``processes`` by job; ``mails`` is where messages go."""

    bus: Bus
    prometheus: Prometheus
    processes: dict[str, CasebusProcess]
    dsn: str
    mails: Path
    agencies: tuple[str, ...]
    failures: list[BaseException] = field(default_factory=list)

    def check(self) -> None:
        """Raises when a process or the traffic has ended by itself."""
        for process in self.processes.values():
            process.check()
        if self.failures:
            raise self.failures[0]

    def wait_for_alert(self, name: str, **labels: str) -> dict[str, str]:
        """The annotations of an alert, once it fires with these labels."""

        def found() -> list[dict[str, str]]:
            return [
                alert["annotations"]
                for alert in self.prometheus.alerts()
                if {"alertname": name, **labels}.items() <= alert["labels"].items()
            ]

        return wait_until(found, timeout_seconds=PATIENCE_SECONDS, describe=f"{name} fires")[0]

    def lose_mails(self) -> None:
        """The directory of mails becomes something that takes none."""
        self.mails.rename(self.mails.with_name("lost-mails"))
        self.mails.touch()

    @contextmanager
    def locked_table(self, name: str) -> Iterator[None]:
        """Nobody can write to a table; reading goes on."""
        with psycopg.connect(self.dsn) as connection:
            connection.execute(sql.SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(sql.Identifier(name)))
            yield

    @contextmanager
    def throttled_kafka(self) -> Iterator[None]:
        """Kafka answers whoever reads, but slower than records come."""
        quotas = BrokerQuotas(self.bus.kafka)
        quotas.limit(EVERYONE, replace(UNLIMITED, consume_bytes_per_second=100))
        try:
            yield
        finally:
            quotas.limit(EVERYONE, UNLIMITED)  # other tests use this Kafka, too

    def lose_database(self) -> None:
        """PostgreSQL lets nobody into this database any more."""
        name = conninfo_to_dict(self.dsn)["dbname"]
        with psycopg.connect(self.bus.stack.dsn, autocommit=True) as server:
            server.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(str(name))))
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])


@contextmanager
def watched_bus(stack: LocalStack, prefix: str, dsn: str, directory: Path) -> Iterator[WatchedBus]:
    """Everything runs, is ready, and is scraped; traffic flows until the end."""
    simulation = Simulation(events=100_000, seed=11, citizens=60)
    bus = Bus(stack, prefix, partitions=DEFAULT_PARTITIONS)
    bus.make_topics(simulation.agencies)
    ports = {job: free_port() for job in JOBS}
    mails, profile_port = directory / "mails", free_port()
    settings = {
        **notifier_environment(mails),
        "CASEBUS_DATABASE__DSN": dsn,
        "CASEBUS_STREAMS__METRICS_PORT": str(ports["streams"]),
        "CASEBUS_SOURCES__METRICS_PORT": str(ports["sources"]),
        "CASEBUS_PROFILE__PORT": str(profile_port),
        "CASEBUS_PROFILE__CONSUMER_GROUP": f"{prefix}-profile",
        "CASEBUS_PROFILE__OPERATIONS_PORT": str(ports["profile"]),
        "CASEBUS_NOTIFIER__CONSUMER_GROUP": f"{prefix}-notifier",
        "CASEBUS_NOTIFIER__OPERATIONS_PORT": str(ports["notifier"]),
    }
    with ExitStack() as closing:
        processes = {job: closing.enter_context(bus.run(job, **settings)) for job in JOBS}
        for job, process in processes.items():
            _wait_until_ready(process, ports[job])
        prometheus = closing.enter_context(running_prometheus(directory, hurried_rules(GROUPS), ports))
        watched = WatchedBus(bus, prometheus, processes, dsn, mails, simulation.agencies)
        ask_to_be_told(bus.kafka, bus.pepper, dsn, population=simulation.population)
        closing.enter_context(_traffic(watched, simulation, f"http://{LOOPBACK}:{profile_port}"))
        wait_until(lambda: prometheus.is_up(len(JOBS)), timeout_seconds=PATIENCE_SECONDS, describe="all are scraped")
        yield watched


def _wait_until_ready(process: CasebusProcess, port: int) -> None:
    def ready() -> bool:
        process.check()
        try:
            return httpx.get(f"http://{LOOPBACK}:{port}/readyz", timeout=5).is_success
        except httpx.TransportError:
            return False

    wait_until(ready, timeout_seconds=PATIENCE_SECONDS, describe=f"{process.name} is ready")


@contextmanager
def _traffic(watched: WatchedBus, simulation: Simulation, profile_url: str) -> Iterator[None]:
    """Twelve agencies publish, now and then something that is refused, and citizens look at their overviews."""
    stop = threading.Event()

    def flow() -> None:
        tokens = watched.bus.stack.tokens
        headers = [{"Authorization": f"Bearer {tokens.issue(citizen_number(index))}"} for index in range(5)]
        settings = AgencySettings(kafka=watched.bus.kafka)
        with (
            Agencies(settings, simulation.agencies, Ledger()) as agencies,
            httpx.Client(base_url=profile_url, timeout=10) as citizens,
        ):
            started = time.monotonic()
            for number, submission in enumerate(simulation.submissions()):
                if stop.wait(max(0.0, started + number / EVENTS_PER_SECOND - time.monotonic())):
                    return
                agencies.publish(submission)
                citizens.get("/v1/overview", headers=headers[number % len(headers)])

    def flow_and_note() -> None:
        try:
            flow()
        except BaseException as failure:
            watched.failures.append(failure)

    thread = threading.Thread(target=flow_and_note, name="traffic")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
