"""``docs/agencies/outbox.md``: its snippets run in order, its tables say what the code does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from tests.docs.pages import DOCS, Page
from tests.docs.settings import variables
from tests.producers.cases import AGENCY
from tests.producers.outboxes import dsn_as_url
from tests.producers.reading import TopicReader

from casebus_producers.outbox import Database, create_statements
from casebus_producers.outbox.metrics import OutboxMetrics
from casebus_producers.outbox.settings import RelaySettings
from casebus_schemas import decode_event

PAGE = Page.read(DOCS / "agencies" / "outbox.md")
SHOWN_ADDRESS = "postgresql://app:secret@localhost/grants"


class Reader:
    """Somebody who does what the page says, in an empty directory, with an address of their own."""

    def __init__(self, place: Path, address: str, **environment: str) -> None:
        self._place = place
        self._address = address
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self._environment = {**os.environ, "PATH": path, **environment}

    def shell(self, text: str) -> str:
        return self._run("bash", "-e", "-c", text)

    def python(self, text: str) -> str:
        return self._run(sys.executable, "-W", "error", "-c", text)

    def _run(self, *arguments: str) -> str:
        driver = SHOWN_ADDRESS.replace("postgresql", "postgresql+psycopg")
        own_driver = self._address.replace("postgresql", "postgresql+psycopg")
        done = subprocess.run(
            [word.replace(driver, own_driver).replace(SHOWN_ADDRESS, self._address) for word in arguments],
            cwd=self._place,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.mark.integration
def test_snippets_run_in_order(
    broker: str, topic_prefix: str, database: str, reader: TopicReader, tmp_path: Path
) -> None:
    address = dsn_as_url(database)
    somebody = Reader(
        tmp_path,
        address,
        CASEBUS_KAFKA__BOOTSTRAP_SERVERS=broker,
        CASEBUS_KAFKA__TOPIC_PREFIX=topic_prefix,
        CASEBUS_OUTBOX__DATABASE=address,
    )
    init, relay = PAGE.snippets("sh")
    *writing, own_relay = PAGE.snippets("python")
    somebody.shell(init.text)
    somebody.shell("CASEBUS_OUTBOX__DATABASE=sqlite:///grants.db casebus outbox init")
    somebody.python("\n".join(snippet.text for snippet in writing))
    assert somebody.shell(relay.text) == relay.output
    assert somebody.python(f"AGENCY = {AGENCY!r}\n{own_relay.text}") == own_relay.output
    sent = [decode_event(record.value) for record in reader.all()]
    assert sorted((event.subject, event.sequence) for event in sent) == [
        ("2026-000124", 1),
        ("2026-000125", 1),
        ("2026-000126", 1),
        ("2026-000126", 2),
    ]


def test_columns() -> None:
    for database in Database:
        made = create_statements(database)[0].splitlines()[1:-1]
        assert {line.split()[0] for line in made} == set(PAGE.column("The table"))


def test_settings() -> None:
    shown = [(name.strip("`"), default.strip("`")) for name, default, _ in PAGE.table("The relay")]
    assert shown == list(variables(RelaySettings, "CASEBUS_OUTBOX__"))


def test_metrics() -> None:
    registry = CollectorRegistry()
    OutboxMetrics(registry)
    names = {f"{family.name}_total" if family.type == "counter" else family.name for family in registry.collect()}
    assert set(PAGE.column("The relay", number=1)) == names
