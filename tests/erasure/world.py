"""A whole bus with people on it: all services as processes, and every byte that they keep within reach."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType
from psycopg import sql
from tests.bus import Bus
from tests.streams.case_events import content
from tests.streams_operations.commands import Ended

from casebus_local import LocalStack, fresh_database, wait_until
from casebus_local.child_process import ChildProcess
from casebus_local.mailbox.process import notifier_environment
from casebus_local.ports import LOOPBACK, free_port
from casebus_schemas import (
    Citizen,
    PartyKind,
    Role,
    StatusChanged,
    encode_event,
    insz_of,
    new_event,
    party_ref,
)

AGENCY = "OVO000001"
PATIENCE_SECONDS = 90.0
GONE, STAYS = insz_of("850730301"), insz_of("850730302")
"""Who is erased, and who shares a case with them and is not."""


@dataclass
class World:
    bus: Bus
    directory: Path
    dsns: list[str] = field(default_factory=list)
    url: str = ""
    processes: list[ChildProcess] = field(default_factory=list)
    metrics: dict[str, str] = field(default_factory=dict)
    """Where each service tells its numbers and its health."""

    @property
    def stack(self) -> LocalStack:
        return self.bus.stack

    def ref(self, number: str) -> str:
        return party_ref(self.bus.pepper, PartyKind.CITIZEN, number)

    def publish(self, case_id: str, *numbers: str, sequences: int = 1, title: str = "Aanvraag") -> None:
        parties = tuple(Citizen(number=number, role=Role.APPLICANT) for number in numbers)
        with self.bus.producer() as producer:
            for sequence in range(1, sequences + 1):
                data = StatusChanged(case_id=case_id, parties=parties, **dict(content(title=title, day=sequence)))
                event = new_event(data, agency=AGENCY, sequence=sequence, id=f"{case_id}-{sequence}")
                producer.produce(self.bus.topics.submitted(AGENCY), encode_event(event), case_id.encode())

    def api(self, method: str, path: str, number: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.stack.tokens.issue(number)}"}
        answer = httpx.request(
            method, self.url + path, headers=headers, content=None if body is None else json.dumps(body), timeout=20
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def cases(self, number: str) -> set[str]:
        """What the party sees."""
        return {case["case_id"] for case in self.api("GET", "/v1/overview", number)["cases"].values()}

    def wait_for_cases(self, number: str, *case_ids: str) -> None:
        self.wait(lambda: self.cases(number) == set(case_ids), f"the cases {case_ids}")

    def wait(self, condition: Any, describe: str) -> None:
        def holds() -> Any:
            for process in self.processes:
                process.check()
            try:
                return condition()
            except httpx.TransportError:
                return False

        wait_until(holds, timeout_seconds=PATIENCE_SECONDS, describe=describe)

    def environment(self) -> dict[str, str]:
        """Of who erases."""
        key = self.directory / "receipt-key"
        key.write_text("k" * 40)
        return {
            **os.environ,
            **self.stack.environment,
            "CASEBUS_KAFKA__TOPIC_PREFIX": self.bus.topics.prefix,
            "CASEBUS_ERASURE__RECEIPT_KEY_FILE": str(key),
            "CASEBUS_ERASURE__BACKUP_DAYS": "30",
        }

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "casebus_producers.cli", *arguments]

    def casebus(self, *arguments: str, number: str | None = None) -> Ended:
        """A command to its end, a number on its standard input."""
        done = subprocess.run(
            self.command(*arguments),
            env=self.environment(),
            input=(number or "").encode(),
            capture_output=True,
            timeout=120,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr.decode())

    def databases(self) -> list[str]:
        """The option of ``erase`` that names the databases."""
        options = []
        for number, dsn in enumerate(self.dsns):
            file = self.directory / f"dsn-{number}"
            file.write_text(dsn)
            options += ["--database", str(file)]
        return options

    def erase(self, number: str, receipt: str = "receipt.json", *more: str) -> Ended:
        return self.casebus(*self.erase_arguments(receipt), *more, number=number)

    def erase_arguments(self, receipt: str = "receipt.json") -> list[str]:
        why = ["--reason", "asked by letter", "--ticket", "DPO-17"]
        return ["erase", "--yes", "--json", *self.databases(), *why, "--receipt", str(self.directory / receipt)]

    def check(self, number: str, *more: str) -> Ended:
        return self.casebus("erase", "--check", "--json", *self.databases(), *more, number=number)

    def segments_with(self, *needles: str) -> set[str]:
        """The topics in whose log segments on the broker's disk one of ``needles`` stands."""
        found = set()
        for file in (self.stack.directory / "kafka").rglob(f"{self.bus.topics.prefix}.*-*/*.log*"):
            try:
                text = file.read_bytes()
            except FileNotFoundError:  # the cleaner was here
                continue
            if any(needle.encode() in text for needle in needles):
                found.add(file.parent.name.rpartition("-")[0])
        return found

    def tables_with(self, needle: str) -> set[str]:
        """Every table with a row in which ``needle`` stands anywhere."""
        found = set()
        names = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        for dsn in self.dsns:
            with psycopg.connect(dsn) as connection:
                for (name,) in connection.execute(names).fetchall():
                    rows = connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(name))).fetchall()
                    if any(
                        needle.encode() in (each if isinstance(each, bytes) else str(each).encode())
                        for row in rows
                        for each in row
                    ):
                        found.add(str(name))
        return found

    def configure(self, *topics: str, **settings: str) -> None:
        """Set topics' settings; ``_`` stands for ``.``."""
        alter(
            self.bus,
            *(ConfigResource(ResourceType.TOPIC, topic, incremental_configs=_entries(settings)) for topic in topics),
        )

    def write_to_every_partition(self, topics: set[str], round_number: int) -> None:
        """A record of nobody's, so that the broker begins a new segment and cleans the one before."""
        with self.bus.producer() as producer:
            for topic in topics:
                for partition in range(4):
                    producer.produce(topic, None, f"nobody-{round_number}".encode(), partition)


def alter(bus: Bus, *resources: ConfigResource) -> None:
    admin = AdminClient(bus.kafka.client_config())
    for answer in admin.incremental_alter_configs(list(resources)).values():
        answer.result()


def clean_often(bus: Bus) -> None:
    """The broker's cleaner looks for work several times a second, not every 15 seconds."""
    entries = _entries({"log_cleaner_backoff_ms": "300"})
    alter(bus, ConfigResource(ResourceType.BROKER, "1", incremental_configs=entries))


def _entries(settings: dict[str, str]) -> list[ConfigEntry]:
    return [
        ConfigEntry(name.replace("_", "."), value, incremental_operation=AlterConfigOpType.SET)
        for name, value in settings.items()
    ]


@contextmanager
def world_of(stack: LocalStack, prefix: str, directory: Path) -> Iterator[World]:
    """Topics and empty databases; nothing runs yet."""
    bus = Bus(stack, prefix)
    bus.make_topics([AGENCY])
    with fresh_database(stack.dsn) as profile, fresh_database(stack.dsn) as notifier:
        yield World(bus, directory, [profile, notifier])


@contextmanager
def services(world: World, *, page_for: str | None = None) -> Iterator[None]:
    """Streams, sources, profile and notifier, each as a process; the page too when somebody is to log in to it."""
    bus, prefix, (profile, notifier) = world.bus, world.bus.topics.prefix, world.dsns
    ports = {name: free_port() for name in ("profile", "streams", "sources", "profile operations", "notifier")}
    world.url = f"http://{LOOPBACK}:{ports['profile']}"
    world.metrics = {name: f"http://{LOOPBACK}:{port}" for name, port in ports.items() if name != "profile"}
    with ExitStack() as running:
        streams = {"CASEBUS_STREAMS__METRICS_PORT": str(ports["streams"])}
        sources = {"CASEBUS_SOURCES__METRICS_PORT": str(ports["sources"])}
        of_profile = {
            "CASEBUS_DATABASE__DSN": profile,
            "CASEBUS_PROFILE__PORT": str(ports["profile"]),
            "CASEBUS_PROFILE__OPERATIONS_PORT": str(ports["profile operations"]),
            "CASEBUS_PROFILE__CONSUMER_GROUP": f"{prefix}-profile",
        }
        of_notifier = {
            **notifier_environment(world.directory / "mails"),
            "CASEBUS_DATABASE__DSN": notifier,
            "CASEBUS_NOTIFIER__OPERATIONS_PORT": str(ports["notifier"]),
            "CASEBUS_NOTIFIER__CONSUMER_GROUP": f"{prefix}-notifier",
        }
        world.processes = [
            running.enter_context(bus.run_streams(**streams)),
            running.enter_context(bus.run("notifier", **of_notifier)),
            *([] if page_for is None else [running.enter_context(bus.run("sources", **sources))]),
        ]
        if page_for is not None:
            identity = running.enter_context(world.stack.run_identity_provider(world.url, first_citizen=page_for))
            identity.wait_until_ready()
            of_profile |= identity.environment
        world.processes.append(running.enter_context(bus.run("profile", **of_profile)))
        ready = f"{world.metrics['profile operations']}/readyz"
        world.wait(lambda: httpx.get(ready, timeout=5).is_success, "readiness")
        yield
        for process in world.processes:
            process.check()
