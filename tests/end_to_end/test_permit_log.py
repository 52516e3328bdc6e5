"""A municipality's real log of environmental permits, published with ``casebus publish``, twice."""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from datetime import datetime
from typing import Any

import pytest
from tests.bus import Bus, by_key
from tests.producers.permits import MAPPING_FILE, REAL_FILE

from casebus_local import LocalStack
from casebus_schemas import Overview, decode

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not REAL_FILE.exists(), reason=f"the real export is not beside the repository ({REAL_FILE})"),
]

AGENCY = "OVO000123"
EVENTS, CASES = 8_577, 1_434


@pytest.fixture
def bus(stack: LocalStack, topic_prefix: str) -> Bus:
    return Bus(stack, topic_prefix)


@pytest.mark.timeout(180)
def test_the_real_log_becomes_one_overview_per_applicant_and_a_second_time_changes_nothing(bus: Bus) -> None:
    bus.make_topics([AGENCY])
    with bus.run_streams() as worker:
        assert publish(bus)["published"] == EVENTS
        accepted = bus.reader(bus.topics.accepted)
        accepted.read_until(lambda read: len(read) >= EVENTS, alive=worker.check)
        changes = bus.reader(bus.topics.changes)
        changes.read_until(lambda read: len(read) >= EVENTS, alive=worker.check)

        assert publish(bus)["published"] == EVENTS
        accepted.read_until(lambda read: len(read) >= 2 * EVENTS, alive=worker.check)
        bus.wait_until_caught_up("overviews", bus.topics.accepted)

    assert len({message.key() for message in accepted.messages}) == EVENTS
    assert len(changes.read_to_end()) == EVENTS
    assert bus.reader(bus.topics.rejected(AGENCY), bus.topics.dead_letters).read_to_end() == []
    overviews = bus.reader(bus.topics.overviews).read_to_end()
    assert histories(by_key(overviews)) == timestamps_in_the_file()


def publish(bus: Bus) -> dict[str, Any]:
    """``casebus publish``, as an agency runs it; its summary."""
    with bus.command("publish", str(REAL_FILE), "--mapping", str(MAPPING_FILE), "--agency", AGENCY, "--json") as run:
        run.wait_for_success(timeout_seconds=60)
        lines = [line for line in run.log_path.read_text().splitlines() if line.startswith("{")]
    parsed: dict[str, Any] = json.loads(lines[-1])
    return parsed


def histories(overviews: dict[str, bytes]) -> dict[str, list[datetime]]:
    """The moments in each case's history, in its order."""
    cases = [case for value in overviews.values() for case in decode(Overview, value).cases.values()]
    assert len(cases) == CASES
    return {
        case.case_id: [entry.occurred_at for entry in case.history if entry.occurred_at is not None] for case in cases
    }


def timestamps_in_the_file() -> dict[str, list[datetime]]:
    moments: defaultdict[str, list[datetime]] = defaultdict(list)
    with gzip.open(REAL_FILE, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            moments[row["case:concept:name"]].append(datetime.fromisoformat(row["time:timestamp"]))
    return {case: sorted(found) for case, found in moments.items()}
