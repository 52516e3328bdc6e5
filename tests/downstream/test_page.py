"""``docs/downstream.md`` as a reader uses it: every snippet is a program that prints what the page shows."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from tests.docs.pages import Snippet, page
from tests.docs.shell import commands
from tests.downstream.places import DownstreamBus

from casebus_consumers import errors
from casebus_consumers.subscriber import feeds
from casebus_consumers.testing import examples
from casebus_local import wait_until
from casebus_schemas import DECLARATIONS, ChangeKind, encode
from casebus_schemas.topics import ACCEPTED

PAGE = page("downstream.md")
SERVICE, *PROGRAMS = PAGE.snippets("python")
PATIENCE_SECONDS = 30.0
QUICK = {"CASEBUS_KAFKA__EXTRA__SESSION_TIMEOUT_MS": "3000", "CASEBUS_KAFKA__EXTRA__HEARTBEAT_INTERVAL_MS": "500"}
AGENCIES = (examples.AGENCY, "OVO000456")


@contextmanager
def program(bus: DownstreamBus, snippet: Snippet, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """The snippet as a process of its own, killed at the end at the latest."""
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-u", "-c", snippet.text],
        env={
            **os.environ,
            **bus.stack.environment,
            "CASEBUS_KAFKA__TOPIC_PREFIX": bus.topics.prefix,
            **QUICK,
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.integration
@pytest.mark.parametrize("snippet", PROGRAMS, ids=lambda snippet: snippet.place)
def test_every_program_prints_what_the_page_shows_and_ends_on_sigterm(
    bus: DownstreamBus, database: str, snippet: Snippet
) -> None:
    changes = [examples.change(), examples.change(2, kind=ChangeKind.DECISION)]
    bus.write(bus.topics.changes, [(change.party_ref, encode(change)) for change in changes])
    bus.write(bus.topics.overviews, [(examples.PARTY, encode(examples.overview()))])
    assert snippet.output is not None, "a program without output shows nothing"
    with program(bus, snippet, DECISIONS_DSN=database) as process:
        assert process.stdout is not None
        printed = [process.stdout.readline() for _ in snippet.output.splitlines()]
        process.send_signal(signal.SIGTERM)
        rest, complaints = process.communicate(timeout=PATIENCE_SECONDS)
    assert ("".join(printed), rest) == (snippet.output, ""), complaints
    assert process.returncode == 0 or "signals" not in snippet.text, complaints


def decisions(numbers: range, *, seed: int) -> list[tuple[str, bytes | None]]:
    """Changes of many parties at two agencies; half of them are decisions."""
    chance = random.Random(seed)
    made = [
        examples.change(
            number + 1,
            party_ref=examples.party(chance.randrange(50)),
            change_id=f"change-{number}",
            agency=chance.choice(AGENCIES),
            kind=chance.choice((ChangeKind.DECISION, ChangeKind.CLOSED)),
        )
        for number in numbers
    ]
    return [(change.party_ref, encode(change)) for change in made]


def expected(records: list[tuple[str, bytes | None]]) -> dict[str, int]:
    """Counted without the product's code."""
    decided = [value for _, value in records if value is not None and b'"kind":"decision"' in value]
    return {agency: sum(f'"agency":"{agency}"'.encode() in value for value in decided) for agency in AGENCIES}


def counted(dsn: str) -> dict[str, int]:
    with psycopg.connect(dsn) as connection:
        if connection.execute("SELECT to_regclass('decisions')").fetchone() == (None,):
            return {}
        return dict(connection.execute("SELECT agency, number FROM decisions").fetchall())


@pytest.mark.integration
def test_the_service_of_the_page_loses_and_repeats_nothing_however_it_is_killed(
    bus: DownstreamBus, database: str
) -> None:
    chance = random.Random(20261125)
    records = decisions(range(4000), seed=1)
    for round_number in range(3):
        bus.write(bus.topics.changes, records[round_number * 1000 : (round_number + 1) * 1000])
        before = sum(counted(database).values())
        with program(bus, SERVICE, DECISIONS_DSN=database) as service:
            goal = before + chance.randrange(1, 300)

            def is_past(goal: int = goal) -> bool:
                return sum(counted(database).values()) > goal

            wait_until(
                is_past,
                timeout_seconds=PATIENCE_SECONDS,
                describe="the service is in the middle of its work",
            )
            service.kill()
    with program(bus, SERVICE, DECISIONS_DSN=database) as service:
        bus.write(bus.topics.changes, records[3000:])
        wait_until(
            lambda: sum(counted(database).values()) >= sum(expected(records).values()),
            timeout_seconds=PATIENCE_SECONDS,
            describe="everything is counted",
        )
        service.send_signal(signal.SIGTERM)
        _, complaints = service.communicate(timeout=PATIENCE_SECONDS)
    assert counted(database) == expected(records)
    assert service.returncode == 0, complaints


def test_the_service_has_thirty_lines() -> None:
    code = [line for line in SERVICE.text.splitlines() if line.strip()]
    assert len(code) <= 30, len(code)


def test_every_feed_stands_there_with_its_topic_and_how_long_it_is_kept() -> None:
    declared = {declaration.name: declaration for declaration in DECLARATIONS}
    for name, topic, _, _, kept in PAGE.table("What there is"):
        feed = name.strip("`")
        assert hasattr(feeds, feed.partition("(")[0]), feed
        declaration = declared[topic.strip("`").split(".")[1]]
        days = int(declaration.config.get("retention.ms", 0)) // 86_400_000
        kept_for_ever = "as long as the [retention policy]" if declaration is ACCEPTED else "for ever"
        assert kept.startswith(f"{days} days" if days else kept_for_ever), feed


def test_every_error_of_the_page_exists() -> None:
    for name in PAGE.column("When something fails"):
        assert issubclass(getattr(errors, name), errors.ConsumerError)


@pytest.mark.integration
def test_the_commands_run(bus: DownstreamBus) -> None:
    [snippet] = PAGE.snippets("sh")
    environment = {**os.environ, **bus.stack.environment, "CASEBUS_KAFKA__TOPIC_PREFIX": bus.topics.prefix}
    environment["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    for command in commands(snippet):
        done = subprocess.run(
            ["bash", "-c", command.text],  # noqa: S607 - the reader's own shell
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), command.text
