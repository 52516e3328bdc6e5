"""A team's own table behind the reusable sink: each record once, with replicas, without a database, and begun anew."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from prometheus_client import CollectorRegistry
from tests.downstream.places import DownstreamBus

from casebus_consumers.records import Record
from casebus_consumers.sink import Sink, SinkMetrics, apply_migrations, topic_sink
from casebus_consumers.sink.offsets import Cursor
from casebus_consumers.sink.reset import read_progress, reset
from casebus_consumers.testing import examples
from casebus_local import LocalStack, wait_until
from casebus_schemas import Change, UndecodableError, decode, encode

pytestmark = pytest.mark.integration

PATIENCE_SECONDS = 30.0


class CountTarget:
    """How often each change was stored: a sum that any repetition would spoil."""

    def read(self, record: Record) -> str:
        if record.value is None:
            raise UndecodableError("value: must not be absent")
        return decode(Change, record.value).change_id

    def prepare(self, connection: psycopg.Connection) -> None:
        """Needs nothing."""

    def write(self, cursor: Cursor, rows: Sequence[str]) -> Mapping[str, int]:
        cursor.executemany(
            "INSERT INTO counts VALUES (%s, 1) ON CONFLICT (id) DO UPDATE SET number = counts.number + 1",
            [(row,) for row in rows],
        )
        return {"inserted": len(rows)}


@pytest.fixture
def dsn(database: str) -> str:
    apply_migrations(database, "casebus_consumers.sink")
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE counts (id text PRIMARY KEY, number integer NOT NULL)")
    return database


@contextmanager
def running(bus: DownstreamBus, dsn: str) -> Iterator[tuple[Sink[str], CollectorRegistry]]:
    stop, registry = threading.Event(), CollectorRegistry()
    sink = topic_sink(
        bus.quick_kafka,
        dsn,
        bus.topics.changes,
        CountTarget(),
        group=f"{bus.topics.prefix}.counts",
        dead_letters=bus.topics.dead_letters,
        metrics=SinkMetrics(registry),
        stop=stop,
    )
    thread = threading.Thread(target=sink.run)
    thread.start()
    try:
        yield sink, registry
    finally:
        stop.set()
        thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()


def changes(versions: range) -> list[tuple[str, bytes | None]]:
    made = [examples.change(version, party_ref=examples.party(number)) for version in versions for number in range(20)]
    return [(change.party_ref, encode(change)) for change in made]


def counts(dsn: str) -> tuple[int, int]:
    """How many changes there are, and how often they were stored in all."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT count(*), coalesce(sum(number), 0)::int FROM counts").fetchone()
    assert row is not None
    return row[0], row[1]


def wait_for(dsn: str, number: int) -> None:
    wait_until(lambda: counts(dsn)[0] == number, timeout_seconds=PATIENCE_SECONDS, describe=f"{number} are stored")


def test_replicas_share_the_topic_and_store_each_record_once(bus: DownstreamBus, dsn: str) -> None:
    with ExitStack() as replicas:
        for round_number in range(3):
            replicas.enter_context(running(bus, dsn))
            bus.write(bus.topics.changes, changes(range(round_number * 10 + 1, round_number * 10 + 11)))
            wait_for(dsn, (round_number + 1) * 200)
    assert counts(dsn) == (600, 600)


def test_a_database_that_was_away_is_gone_on_with(stack: LocalStack, bus: DownstreamBus, dsn: str) -> None:
    database = str(psycopg.conninfo.conninfo_to_dict(dsn)["dbname"])
    name = psycopg.sql.Identifier(database)
    with running(bus, dsn) as (_, registry), psycopg.connect(stack.dsn, autocommit=True) as server:
        bus.write(bus.topics.changes, changes(range(1, 6)))
        wait_for(dsn, 100)
        server.execute(psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database])
        bus.write(bus.topics.changes, changes(range(6, 11)))
        wait_until(
            lambda: (
                (registry.get_sample_value("casebus_sink_database_retries_total", {"topic": bus.topics.changes}) or 0)
                >= 2
            ),
            timeout_seconds=PATIENCE_SECONDS,
            describe="it tries again",
        )
        server.execute(psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))
        wait_for(dsn, 200)
    assert counts(dsn) == (200, 200)


def test_a_reset_while_it_runs_begins_at_the_beginning_and_leaves_other_sinks_alone(
    bus: DownstreamBus, dsn: str
) -> None:
    with running(bus, dsn):
        bus.write(bus.topics.changes, changes(range(1, 6)))
        wait_for(dsn, 100)
        with psycopg.connect(dsn) as connection:
            connection.execute("UPDATE counts SET number = 7")
            connection.execute("INSERT INTO sink_offsets VALUES ('other', 0, 5)")
            with connection.cursor() as cursor:
                assert reset(cursor, bus.topics.changes, ["counts"]) == 3
        bus.write(bus.topics.changes, changes(range(6, 7)))
        wait_for(dsn, 120)
    assert counts(dsn) == (120, 120)
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        progress = {each.topic: (each.partitions, each.offsets) for each in read_progress(cursor)}
    assert progress == {"other": (1, 5), bus.topics.changes: (3, 120)}


def casebus(bus: DownstreamBus, dsn: str, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "casebus"), *arguments],
        env={
            **os.environ,
            "CASEBUS_DATABASE__DSN": dsn,
            "CASEBUS_KAFKA__BOOTSTRAP_SERVERS": bus.quick_kafka.bootstrap_servers,
            "CASEBUS_KAFKA__TOPIC_PREFIX": bus.topics.prefix,
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_the_operator_sees_how_far_sinks_are_and_begins_one_anew(bus: DownstreamBus, database: str) -> None:
    topics = bus.topics
    apply_migrations(database, "casebus_consumers.sink", "casebus_consumers.profile")
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO overviews (party_ref, epoch, version, value) VALUES ('p', 1, 1, '{}')")
        connection.execute("INSERT INTO sources VALUES ('OVO000001', '{}')")
        for topic in (topics.overviews, f"{topics.overviews}.e2", topics.changes, topics.sources):
            connection.execute("INSERT INTO sink_offsets VALUES (%s, 0, 41), (%s, 1, 1)", [topic, topic])

    def rows(table: str = "overviews") -> int:
        with psycopg.connect(database) as connection:
            [number] = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() or [0]  # noqa: S608
        return int(number)

    code, out, _ = casebus(bus, database, "sink", "status", "--json")
    status: list[dict[str, Any]] = json.loads(out)
    assert (code, [(each["topic"], each["offsets"]) for each in status]) == (
        0,
        [(topic, 42) for topic in (topics.changes, topics.overviews, f"{topics.overviews}.e2", topics.sources)],
    )
    code, _, complaint = casebus(bus, database, "sink", "reset", "overviews")
    assert (code, "add --yes" in complaint, rows()) == (2, True, 1)
    assert casebus(bus, database, "sink", "reset", "everything", "--yes")[0] == 2
    code, out, _ = casebus(bus, database, "sink", "reset", "overviews", "--yes")
    assert (code, "(4 partitions)" in out, rows()) == (0, True, 0)
    assert (rows("sources"), casebus(bus, database, "sink", "reset", "sources", "--yes")[0], rows("sources")) == (
        1,
        0,
        0,
    )
    assert casebus(bus, database, "sink", "status")[1].count("\n") == 1
    code, _, complaint = casebus(bus, "postgresql://127.0.0.1:1/nobody", "sink", "status")
    assert (code, complaint.startswith("casebus: database: ")) == (2, True)
