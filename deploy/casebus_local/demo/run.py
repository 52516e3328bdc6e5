"""The demo: the whole bus on this machine, the traffic of twelve agencies, and proof that nothing got lost."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from casebus_local.databases import fresh_database
from casebus_local.demo.check import Findings, check_http, check_rejections, check_topics
from casebus_local.demo.ledger import Ledger
from casebus_local.demo.narration import Narrator
from casebus_local.demo.notifications import ask_to_be_told, what_became_of_it
from casebus_local.demo.probe import Probe
from casebus_local.demo.publish import Agencies
from casebus_local.demo.reference import load_reference
from casebus_local.demo.summary import Outcome, show, write_report
from casebus_local.demo.timeline import most_telling, timeline
from casebus_local.errors import LocalStackError, MissingToolError
from casebus_local.mailbox.process import notifier_environment
from casebus_local.ports import LOOPBACK, free_port
from casebus_local.processes import CasebusProcess
from casebus_local.readiness import wait_until_ready
from casebus_local.simulator import Simulation
from casebus_local.stack import LocalStack
from casebus_producers import ProducerError
from casebus_producers.settings import AgencySettings, KafkaSettings, PseudonymSettings
from casebus_schemas import Topics
from casebus_streams.topic_admin import apply_topics

EVENTS_PER_SECOND: Final = 1000.0
_READY_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class _Bus:
    """The bus while it runs."""

    stack: LocalStack
    kafka: KafkaSettings
    workers: tuple[CasebusProcess, ...]
    profile_url: str
    dsn: str
    mails: Path

    def check(self) -> None:
        """Raises ``ProcessDiedError`` when a worker is gone."""
        for worker in self.workers:
            worker.check()


def run_demo(events: int = 20_000, seed: int = 7, report: Path = Path("var/demo-report.json")) -> int:
    """Run everything and compare every overview with an independent reference. Blocks for about a minute.

    Returns 0 when nothing is missing, too many or different, else 1. Writes ``report`` (JSON); the logs of servers and
    workers go to ``demo-logs`` beside it and stay there until the next run. Raises ``MissingToolError`` when something
    must be installed first.
    """
    narrator = Narrator()
    logs = (report.parent / "demo-logs").resolve()
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    try:
        outcome = _demonstrate(Simulation(events=events, seed=seed), logs, narrator)
    except MissingToolError:
        raise
    except (LocalStackError, ProducerError, KafkaException, httpx.HTTPError, TimeoutError) as error:
        narrator.say(f"The demo could not go on: {error}")
        narrator.say(f"The logs are in {logs}")
        return 1
    write_report(outcome, report)
    narrator.say(f"The report is in {report}")
    if not outcome.holds:
        narrator.say(f"The logs are in {logs}")
    return 0 if outcome.holds else 1


def _demonstrate(simulation: Simulation, logs: Path, narrator: Narrator) -> Outcome:
    """Start, publish and probe, work out what must come of it, compare, show."""
    reference = load_reference()
    ledger, findings = Ledger(), Findings()
    narrator.say("Starting Kafka and PostgreSQL …")
    with _running_bus(logs, simulation.agencies, narrator) as bus:
        pepper = PseudonymSettings(pepper_file=bus.stack.keys.pepper_file).read()
        told = ask_to_be_told(bus.kafka, pepper, bus.dsn, population=simulation.population)
        narrator.say(f"{told} citizens want a mail about everything, at once.")
        publish_seconds, milliseconds = _publish(simulation, ledger, bus, narrator)
        narrator.say(f"Published {ledger.published:,} records. Working out what must come of them …")
        expected = ledger.expect(reference, pepper)
        narrator.say(f"Asking for the overviews of {len(expected.citizens):,} citizens over HTTP …")
        overviews = check_http(findings, expected, bus.profile_url, bus.stack.tokens)
        bus.check()
        narrator.say("Reading the accepted log, the overviews of all parties, the changes and the rejections …")
        check_topics(findings, expected, bus.kafka)
        check_rejections(findings, ledger, bus.kafka, simulation.agencies)
        narrator.say("Counting the mails …")
        notifications = what_became_of_it(bus.dsn, bus.mails)
        bus.check()
        narrator.say("Stopping …")
    outcome = Outcome(
        seed=simulation.seed,
        duration_seconds=narrator.seconds,
        publish_seconds=publish_seconds,
        milliseconds=milliseconds,
        ledger=ledger,
        expected=expected,
        findings=findings,
        notifications=notifications,
    )
    show(outcome, narrator, timeline(most_telling(overviews.values())))
    return outcome


@contextmanager
def _running_bus(logs: Path, agencies: tuple[str, ...], narrator: Narrator) -> Iterator[_Bus]:
    """Servers, topics and workers; stops the workers in an orderly way, then the servers.

    Data is temporary; the logs are kept in ``logs``, however this ends.
    """
    with ExitStack() as closing:
        stack = closing.enter_context(LocalStack())
        closing.callback(_keep_logs, stack.directory, logs)
        narrator.say(f"Kafka is at {stack.bootstrap_servers}. Making the topics of {len(agencies)} agencies …")
        # A prefix and a database of its own: the Kafka and the PostgreSQL may be somebody's.
        dsn = closing.enter_context(fresh_database(stack.dsn))
        prefix = dsn.rpartition("casebus_")[2].partition(" ")[0]
        kafka = KafkaSettings(bootstrap_servers=stack.bootstrap_servers, topic_prefix=f"demo-{prefix}")
        apply_topics(AdminClient(kafka.client_config()), Topics(kafka.topic_prefix), agencies)

        port, operations_port = free_port(), free_port()
        settings = {
            "CASEBUS_KAFKA__TOPIC_PREFIX": kafka.topic_prefix,
            "CASEBUS_DATABASE__DSN": dsn,
            "CASEBUS_PROFILE__PORT": str(port),
            "CASEBUS_PROFILE__OPERATIONS_PORT": str(operations_port),
        }
        mails = logs / "mails"
        settings |= notifier_environment(mails)
        narrator.say("Starting casebus run streams, casebus run profile and casebus run notifier …")
        workers = tuple(
            closing.enter_context(stack.run("run", service, **settings))
            for service in ("streams", "profile", "notifier")
        )
        bus = _Bus(stack, kafka, workers, f"http://{LOOPBACK}:{port}", dsn, mails)
        for each in (operations_port, settings["CASEBUS_NOTIFIER__OPERATIONS_PORT"]):
            wait_until_ready(f"http://{LOOPBACK}:{each}", [bus], timeout_seconds=_READY_SECONDS)
        yield bus
        for worker in workers:
            worker.stop(timeout_seconds=_STOP_SECONDS)


def _keep_logs(directory: Path, logs: Path) -> None:
    """By name: Kafka's data files end in ``.log`` too."""
    for log in (*directory.rglob("broker.log"), *directory.rglob("postgres.log"), *directory.glob("logs/*.log")):
        shutil.copyfile(log, logs / "-".join(log.relative_to(directory).parts))


def _publish(simulation: Simulation, ledger: Ledger, bus: _Bus, narrator: Narrator) -> tuple[float, list[float]]:
    """Publish at a steady rate while probing; says how many seconds it took and every delay measured."""
    settings = AgencySettings(kafka=bus.kafka)
    with Agencies(settings, simulation.agencies, ledger) as agencies:
        probe = Probe(agencies, simulation.agencies[0], bus.profile_url, bus.stack.tokens)
        narrator.say(f"A first event was visible over HTTP after {probe.once():.0f} ms.")
        narrator.say(f"Publishing {simulation.events:,} records, {EVENTS_PER_SECOND:,.0f} a second …")
        with probe, narrator.progress("published", simulation.events) as advance:
            seconds = agencies.publish_steadily(
                simulation.submissions(), per_second=EVENTS_PER_SECOND, after_each=advance
            )
        agencies.flush()
        bus.check()
    return seconds, probe.milliseconds
