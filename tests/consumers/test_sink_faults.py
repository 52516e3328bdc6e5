"""The sink killed and doubled: rows and offsets stay one."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from tests.consumers.bus import (
    PATIENCE_SECONDS,
    Bus,
    RunningSink,
    read_topic,
    stored_offsets,
    stored_rows,
    wait_for_rows,
)
from tests.consumers.overviews import overview, ref, reference_rows

from casebus_consumers.errors import PositionConflictError
from casebus_consumers.records import Span
from casebus_consumers.sink.offsets import advance
from casebus_local import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]
ROOT = Path(__file__).parents[2]


@contextmanager
def sink_process(bus: Bus, dsn: str, flag: Path) -> Iterator[subprocess.Popen[str]]:
    """A sink that is killed at the end, at the latest."""
    arguments = [bus.bootstrap_servers, bus.topic_prefix, dsn, str(flag)]
    command = [sys.executable, "-m", "tests.consumers.sink_process", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def random_records(seed: int, count: int) -> list[tuple[str, bytes | None]]:
    """Rising versions, repetitions, late ones, tombstones with re-creation from version 1."""
    chance = random.Random(seed)
    versions: dict[int, int] = {}
    records: list[tuple[str, bytes | None]] = []
    for _ in range(count):
        number = chance.randrange(200)
        if chance.random() < 0.05:
            versions[number] = 0
            records.append((ref(number), None))
            continue
        versions[number] = versions.get(number, 0) + 1
        version = max(1, versions[number] - (chance.random() < 0.1))
        records.append((ref(number), overview(ref(number), version=version)))
    return records


def wait_for_offsets(dsn: str, total: int) -> None:
    """Until the sink is in the middle of its work."""
    wait_until(
        lambda: sum(stored_offsets(dsn).values()) >= total,
        timeout_seconds=PATIENCE_SECONDS,
        describe=f"the stored offsets add up to {total}",
    )


def assert_rows_and_offsets_agree(bus: Bus, dsn: str) -> None:
    """In one snapshot, the rows are what the topic says up to the stored offsets, and nothing later."""
    with psycopg.connect(dsn) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        rows: dict[str, bytes] = dict(connection.execute("SELECT party_ref, value FROM overviews").fetchall())
        offsets: dict[int, int] = dict(connection.execute("SELECT partition, next_offset FROM sink_offsets").fetchall())
    stored = [
        (party_ref, value)
        for partition, offset, party_ref, value in read_topic(bus)
        if offset < offsets.get(partition, 0)
    ]
    assert rows == reference_rows(stored)


def test_a_kill_between_rows_and_commit_leaves_neither(bus: Bus, dsn: str, tmp_path: Path) -> None:
    flag = tmp_path / "stop-before-commit"
    flag.touch()
    bus.publish(*random_records(1, 500))
    with sink_process(bus, dsn, flag) as process:
        assert process.stdout is not None
        assert "rows written\n" in process.stdout, "the process ended too early"  # reads line by line up to it
        process.kill()
    assert stored_rows(dsn) == {}
    assert set(stored_offsets(dsn).values()) == {0}
    flag.unlink()
    with sink_process(bus, dsn, flag):
        wait_for_rows(dsn, reference_rows(bus.published))
    assert_rows_and_offsets_agree(bus, dsn)


def test_kills_at_random_moments_lose_and_repeat_nothing(bus: Bus, dsn: str, tmp_path: Path) -> None:
    chance = random.Random(20261124)
    records = random_records(2, 3000)
    for kill in range(3):
        with sink_process(bus, dsn, tmp_path / "none"):
            before = sum(stored_offsets(dsn).values())
            for start in range(kill * 1000, (kill + 1) * 1000, 50):
                bus.publish(*records[start : start + 50])
            wait_for_offsets(dsn, before + chance.randrange(1, 400))
        assert_rows_and_offsets_agree(bus, dsn)
    with sink_process(bus, dsn, tmp_path / "none"):
        wait_for_rows(dsn, reference_rows(records))
    assert_rows_and_offsets_agree(bus, dsn)


def test_two_sinks_that_both_own_every_partition_make_one_history(bus: Bus, dsn: str) -> None:
    records = random_records(3, 1500)
    with RunningSink(bus, dsn, group="owner") as owner, RunningSink(bus, dsn, group="zombie") as zombie:
        owner.wait_until_caught_up()
        zombie.wait_until_caught_up()
        for start in range(0, len(records), 30):
            bus.publish(*records[start : start + 30])
            if start % 300 == 0:
                assert_rows_and_offsets_agree(bus, dsn)
        wait_for_rows(dsn, reference_rows(records))
        conflicts = [sink.metric("casebus_sink_batches_total", outcome="conflict") for sink in (owner, zombie)]
        stored = [sink.metric("casebus_sink_records_total") for sink in (owner, zombie)]
        assert sum(conflicts) > 0, "both must have tried"
        assert sum(stored) == len(records), "each record is stored once, by one of them"
    assert_rows_and_offsets_agree(bus, dsn)


def test_a_batch_that_does_not_start_at_the_stored_offset_is_refused(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("INSERT INTO sink_offsets VALUES ('t', 0, 10), ('t', 1, 20)")
        with connection.cursor() as cursor:
            advance(cursor, "t", {0: Span(10, 12), 1: Span(20, 25)})
            with pytest.raises(PositionConflictError) as caught:
                advance(cursor, "t", {0: Span(12, 13), 1: Span(20, 26), 2: Span(0, 1)})
    assert caught.value.partitions == {1, 2}
    assert stored_offsets(dsn) == {0: 12, 1: 25}
