"""The whole bus as processes, with agencies that publish, citizens who look and are told, and a Prometheus watching."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from tests.bus import Bus
from tests.monitoring.hurry import hurried_rules
from tests.monitoring.prometheus import Prometheus, running_prometheus
from tests.notifier.holding_mail_server import HoldingMailServer

from casebus_local import LocalStack, wait_until
from casebus_local.demo.ledger import Ledger
from casebus_local.demo.notifications import ask_to_be_told
from casebus_local.demo.publish import Agencies
from casebus_local.monitoring.alerts import GROUPS
from casebus_local.ports import LOOPBACK, free_port
from casebus_local.processes import CasebusProcess
from casebus_local.readiness import wait_until_ready
from casebus_local.simulator import Simulation, citizen_number
from casebus_producers.settings import AgencySettings
from casebus_schemas import DEFAULT_PARTITIONS

JOBS = ("streams", "sources", "profile", "notifier")
EVENTS_PER_SECOND = 40.0
PATIENCE_SECONDS = 60.0
READERS = 4
"""How many may ask profile's database at once."""
MAIL_SECONDS = 15.0
"""How long a slow mail server takes for a mail: less than the notifier waits for it."""
CITIZENS = 120
"""More than a slow mail server has mails in its hands."""


@dataclass
class WatchedBus:
    """``processes`` by job; ``mails`` is where messages go. ``said`` is what alerts said while one was waited for."""

    bus: Bus
    prometheus: Prometheus
    processes: dict[str, CasebusProcess]
    settings: dict[str, str]
    profile_url: str
    dsn: str
    mails: HoldingMailServer
    agencies: tuple[str, ...]
    failures: list[BaseException] = field(default_factory=list)
    said: dict[str, dict[str, str]] = field(default_factory=dict)

    def check(self) -> None:
        """Raises when a process or the traffic has ended by itself."""
        for process in self.processes.values():
            process.check()
        if self.failures:
            raise self.failures[0]

    def wait_for_alert(self, name: str, **labels: str) -> None:
        """Until an alert fires with these labels; or has fired since the bus began, if it does no longer."""
        wanted = ",".join(f'{label}="{value}"' for label, value in {"alertname": name, **labels}.items())
        query = f'max_over_time(ALERTS{{alertstate="firing",{wanted}}}[1h])'

        def fired() -> bool:
            self.said.update({each["labels"]["alertname"]: each["annotations"] for each in self.prometheus.alerts()})
            return bool(self.prometheus.series(query))

        wait_until(fired, timeout_seconds=PATIENCE_SECONDS, describe=f"{name} fires")

    def a_citizen(self, index: int = 0) -> dict[str, str]:
        """The head of a citizen's requests to profile."""
        return {"Authorization": f"Bearer {self.bus.stack.tokens.issue(citizen_number(index))}"}

    def start(self, job: str) -> None:
        """The process of a job once more, after its end."""
        self.processes[job] = self.bus.run(job, **self.settings)

    def restart(self, job: str) -> None:
        """It is killed, starts again, and Prometheus has seen it."""
        query = f'process_start_time_seconds{{job="{job}"}}'
        before = self.prometheus.values(query)
        self.processes[job].kill()
        self.start(job)
        wait_until(
            lambda: self.prometheus.values(query) not in ([], before),
            timeout_seconds=PATIENCE_SECONDS,
            describe=f"{job} has started again",
        )


@contextmanager
def watched_bus(stack: LocalStack, prefix: str, dsn: str, directory: Path) -> Iterator[WatchedBus]:
    """Everything runs, is ready, and is scraped; traffic flows until the end."""
    simulation = Simulation(events=100_000, seed=11, citizens=CITIZENS)
    bus = Bus(stack, prefix, partitions=DEFAULT_PARTITIONS)
    bus.make_topics(simulation.agencies)
    ports = {job: free_port() for job in JOBS}
    profile_port = free_port()
    mails = HoldingMailServer(hold_seconds=MAIL_SECONDS)
    settings = {
        **_notifier_environment(mails.port),
        "CASEBUS_DATABASE__DSN": dsn,
        "CASEBUS_STREAMS__METRICS_PORT": str(ports["streams"]),
        "CASEBUS_SOURCES__METRICS_PORT": str(ports["sources"]),
        "CASEBUS_PROFILE__PORT": str(profile_port),
        "CASEBUS_PROFILE__CONSUMER_GROUP": f"{prefix}-profile",
        "CASEBUS_PROFILE__DATABASE_CONNECTIONS": str(READERS),
        "CASEBUS_PROFILE__OPERATIONS_PORT": str(ports["profile"]),
        "CASEBUS_NOTIFIER__CONSUMER_GROUP": f"{prefix}-notifier",
        "CASEBUS_NOTIFIER__OPERATIONS_PORT": str(ports["notifier"]),
    }
    with ExitStack() as closing:
        closing.enter_context(mails)
        processes = {job: bus.run(job, **settings) for job in JOBS}
        closing.callback(_kill_all, processes)
        for job, process in processes.items():
            wait_until_ready(f"http://{LOOPBACK}:{ports[job]}", [process], timeout_seconds=PATIENCE_SECONDS)
        prometheus = closing.enter_context(running_prometheus(directory, hurried_rules(GROUPS), ports))
        profile_url = f"http://{LOOPBACK}:{profile_port}"
        watched = WatchedBus(bus, prometheus, processes, settings, profile_url, dsn, mails, simulation.agencies)
        ask_to_be_told(bus.kafka, bus.pepper, dsn, population=simulation.population)
        closing.enter_context(_traffic(watched, simulation))
        wait_until(lambda: prometheus.is_up(len(JOBS)), timeout_seconds=PATIENCE_SECONDS, describe="all are scraped")
        yield watched


def _notifier_environment(smtp_port: int) -> dict[str, str]:
    return {
        "CASEBUS_NOTIFIER__PORTAL_NAME": "Mijn dossiers",
        "CASEBUS_NOTIFIER__OVERVIEW_URL": "https://mijndossiers.voorbeeld.be/",
        "CASEBUS_NOTIFIER__PREFERENCES_URL": "https://mijndossiers.voorbeeld.be/preferences",
        "CASEBUS_NOTIFIER__SMTP__HOST": LOOPBACK,
        "CASEBUS_NOTIFIER__SMTP__PORT": str(smtp_port),
        "CASEBUS_NOTIFIER__SMTP__TLS": "none",
        "CASEBUS_NOTIFIER__SMTP__SENDER_NAME": "Mijn dossiers",
        "CASEBUS_NOTIFIER__SMTP__SENDER_ADDRESS": "noreply@voorbeeld.be",
    }


def _kill_all(processes: dict[str, CasebusProcess]) -> None:
    for process in processes.values():
        process.kill()


@contextmanager
def _traffic(watched: WatchedBus, simulation: Simulation) -> Iterator[None]:
    """Twelve agencies publish, now and then something that is refused, and citizens look at their overviews."""
    stop = threading.Event()

    def flow() -> None:
        headers = [watched.a_citizen(index) for index in range(5)]
        settings = AgencySettings(kafka=watched.bus.kafka)
        with (
            Agencies(settings, simulation.agencies, Ledger()) as agencies,
            httpx.Client(base_url=watched.profile_url, timeout=10) as citizens,
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
