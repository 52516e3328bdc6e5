"""``casebus outbox`` as a process, on a real Kafka."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.producers.cases import AGENCY, CANARY, cases, event
from tests.producers.command import Outcome, RunningCasebus, casebus
from tests.producers.outboxes import TestOutbox, dsn_as_url
from tests.producers.reading import TopicReader

from casebus_local import LocalStack, fresh_database, wait_until
from casebus_schemas import decode_event

pytestmark = pytest.mark.integration


@pytest.fixture(params=["postgresql", "sqlite"])
def outbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestOutbox]:
    if request.param == "sqlite":
        yield TestOutbox(f"sqlite:///{tmp_path / 'agency.db'}")
        return
    stack: LocalStack = request.getfixturevalue("stack")
    with fresh_database(stack.dsn) as dsn:
        yield TestOutbox(dsn_as_url(dsn))


class OutboxCommand:
    """``casebus outbox`` with the environment of one test."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment

    def __call__(self, *arguments: object) -> Outcome:
        return casebus("outbox", *arguments, stdin=b"", **self.environment)

    def started(self, *arguments: object) -> RunningCasebus:
        return RunningCasebus("outbox", *arguments, **self.environment)


@pytest.fixture
def command(broker: str, submitted: str, topic_prefix: str, outbox: TestOutbox) -> OutboxCommand:
    made = OutboxCommand(
        {
            "CASEBUS_KAFKA__BOOTSTRAP_SERVERS": broker,
            "CASEBUS_KAFKA__TOPIC_PREFIX": topic_prefix,
            "CASEBUS_AGENCY": AGENCY,
            "CASEBUS_OUTBOX__DATABASE": outbox.address,
        }
    )
    assert made("init").code == 0
    return made


def test_a_relay_killed_before_it_deletes_repeats_the_same_events_and_nothing_more(
    command: OutboxCommand, outbox: TestOutbox, reader: TopicReader
) -> None:
    events = cases(4, 5)
    outbox.add(events)
    died = subprocess.run(
        [sys.executable, "-m", "tests.producers.dying_relay", AGENCY],
        env={**os.environ, **command.environment},
        timeout=60,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    assert len(reader.all()) == len(outbox.ids()) == 20
    assert command("relay", "--once").code == 0
    assert outbox.ids() == []
    values = [record.value for record in reader.all()]
    assert len(values) == 40
    assert len(set(values)) == 20
    assert {decode_event(value).id for value in values} == {sent.id for sent in events}


def test_relays_side_by_side_survive_a_kill_and_keep_each_case_in_order(
    command: OutboxCommand, outbox: TestOutbox, reader: TopicReader
) -> None:
    """Two relays, one of them killed in full flight, while the application goes on."""
    with command.started("relay") as doomed, command.started("relay") as other:
        for sequence in range(1, 31):
            outbox.add([event(f"case-{case}", sequence) for case in range(6)])
            if sequence == 15:
                wait_until(lambda: len(reader.all()) > 20, timeout_seconds=60, describe="relays at work")
                doomed.kill()
        wait_until(lambda: outbox.ids() == [], timeout_seconds=60, describe="an empty outbox")
        other.terminate()
        assert other.end().code == 0
    seen: dict[str, list[int]] = {}
    for record in reader.all():
        sequence = decode_event(record.value).sequence
        so_far = seen.setdefault(record.key.decode(), [])
        if sequence not in so_far:  # what the killed one had sent may come again
            so_far.append(sequence)
    assert seen == {f"case-{case}": list(range(1, 31)) for case in range(6)}


def test_status_counts_and_names_nobody(command: OutboxCommand, outbox: TestOutbox) -> None:
    outbox.add(cases(1, 2))
    assert command("status").out == f"{AGENCY}: 2 waiting, 0 refused\n"
    outbox.query("UPDATE casebus_outbox SET payload = replace(payload, 'Vergunning', '') WHERE id = 'case-0-1'")
    relayed = command("relay", "--once")
    assert relayed.code == 0
    assert "outbox_row_refused" in relayed.err
    outcome = command("status", "--json")
    assert (outcome.code, outcome.document) == (1, {"agency": AGENCY, "waiting": 0, "refused": 1})
    assert CANARY not in relayed.out + relayed.err + outcome.out


def test_a_missing_table_or_topic_gives_exit_code_2(command: OutboxCommand, outbox: TestOutbox) -> None:
    missing_topic = command("relay", "--once", "--agency", "OVO000777")
    assert missing_topic.code == 2
    outbox.query("DROP TABLE casebus_outbox")
    missing_table = command("relay", "--once")
    assert missing_table.code == 2
    assert "casebus outbox init" in missing_table.err


def test_init_prints_the_statements(command: OutboxCommand) -> None:
    outcome = command("init", "--print")
    assert outcome.code == 0
    assert outcome.out.startswith("CREATE TABLE IF NOT EXISTS casebus_outbox (")
