"""The profile's sink through a rebuild: the rows of the earlier epoch are served until they are replaced."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from prometheus_client import CollectorRegistry
from tests.bus import Bus
from tests.streams_operations.commands import casebus
from tests.streams_operations.load import Load, without_epoch

from casebus_consumers.profile.composition import MIGRATED_PACKAGES
from casebus_consumers.profile.overview_sink import OverviewSink
from casebus_consumers.sink import SinkMetrics, apply_migrations
from casebus_local import wait_until
from casebus_schemas import partition_of

pytestmark = pytest.mark.integration


@contextmanager
def running_sink(bus: Bus, dsn: str) -> Iterator[OverviewSink]:
    stop = threading.Event()
    group = f"{bus.topics.prefix}-profile"
    sink = OverviewSink(bus.kafka, dsn, SinkMetrics(CollectorRegistry()), consumer_group=group, stop=stop)
    thread = threading.Thread(target=sink.run)
    thread.start()
    try:
        yield sink
    finally:
        stop.set()
        thread.join(30)
    assert not thread.is_alive()


def rows(dsn: str) -> dict[str, bytes]:
    with psycopg.connect(dsn) as connection:
        return dict(connection.execute("SELECT party_ref, value FROM overviews").fetchall())


@pytest.mark.timeout(240)
@pytest.mark.parametrize("members", [1, 2])
def test_rows_of_the_earlier_epoch_are_replaced_and_what_is_left_of_them_goes(
    bus: Bus, database: str, seed: int, members: int
) -> None:
    apply_migrations(database, *MIGRATED_PACKAGES)
    load = Load(bus, events=2_000, first=1_500, seed=seed)
    reference = load.reference
    invented = "p1." + "x" * 22
    with bus.run_streams("w1") as worker, load, running_sink(bus, database) as sink:
        wait_until(lambda: len(rows(database)) > 100, timeout_seconds=60, describe="rows of the first epoch")
        with bus.producer() as producer:  # an overview that the log knows nothing of
            overview = next(iter(rows(database).values()))
            value = overview.replace(json.loads(overview)["party_ref"].encode(), invented.encode())
            producer.produce(bus.topics.overviews, value, invented, partition_of(invented, 4))
        wait_until(lambda: invented in rows(database), timeout_seconds=30, describe="the row of an invented party")
        assert casebus(bus, "rebuild", "--accept-differences").code == 0
        load.finish()

        def all_replaced() -> bool:
            worker.check()
            found = rows(database)
            return invented not in found and {ref: without_epoch(row) for ref, row in found.items()} == (
                reference.overviews
            )

        if members == 2:
            with running_sink(bus, database):
                wait_until(all_replaced, timeout_seconds=60, describe="all rows are as they must be")
        wait_until(all_replaced, timeout_seconds=60, describe="all rows are as they must be")
        assert sink.caught_up
    assert {json.loads(row)["epoch"] for row in rows(database).values()} == {2}
