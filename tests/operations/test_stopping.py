"""SIGTERM to all processes under load: each ends in order in time, and nothing is lost or comes twice."""

from __future__ import annotations

import json
import random

import pytest
from tests.bus import Bus
from tests.operations.whole_bus import WholeBus, wait_until_stored
from tests.streams_operations.load import Load

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

DRAIN_SECONDS = 30


def test_every_process_drains_in_time_and_all_is_there_once_after_the_next_start(bus: Bus, database: str) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - pytest shows it when the test fails
    changes = None
    with Load(bus, events=1_200, first=400, seed=seed, per_second=100) as load:
        with WholeBus(bus, database) as running:
            changes = bus.reader(bus.topics.changes)
            changes.read_until(lambda read: len(read) >= 100, alive=running.processes["streams"].check)
            assert running.stop(within_seconds=DRAIN_SECONDS) == {"streams": 0, "sources": 0, "profile": 0}
        load.finish()
        with WholeBus(bus, database) as running:
            reference = load.reference
            changes.read_until(
                lambda read: len(read) >= len(reference.changes), alive=running.processes["streams"].check
            )
            wait_until_stored(database, {party: view["version"] for party, view in reference.overviews.items()})
            changes.read_more(0.5)
    told = [json.loads(message.value() or b"")["change_id"] for message in changes.messages]
    assert len(told) == len(set(told))
    assert set(told) == set(reference.changes)
