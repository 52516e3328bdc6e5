"""``casebus verify`` on the real Kafka, while events keep flowing: it finds what was planted, and only that."""

from __future__ import annotations

import json

import pytest
from tests.bus import Bus, by_key
from tests.streams_operations.commands import casebus
from tests.streams_operations.load import Load, Reached

from casebus_schemas import partition_of

pytestmark = pytest.mark.integration

PARTITIONS = 4


def plant(bus: Bus, party_ref: str, overview: bytes | None) -> None:
    """Write an overview that no worker wrote."""
    with bus.producer() as producer:
        producer.produce(bus.topics.overviews, overview, party_ref, partition_of(party_ref, PARTITIONS))


@pytest.mark.timeout(180)
def test_live_overviews_are_as_the_log_says_while_events_flow_and_a_planted_difference_is_found(
    bus: Bus, seed: int
) -> None:
    load = Load(bus, events=4_000, first=1_500, seed=seed)
    with bus.run_streams() as worker, load:
        bus.reader(bus.topics.changes).read_until(lambda read: len(read) > 1_200, alive=worker.check)
        verified = casebus(bus, "verify", "--json")
        assert (verified.code, verified.report["differences"]) == (0, []), verified.err
        assert verified.report["events"] > 1_000
        assert verified.report["parties"] > 100
        load.finish()
        reader = bus.reader(bus.topics.overviews)
        wanted = {ref: overview["version"] for ref, overview in load.reference.overviews.items()}
        reader.read_until(Reached(wanted), alive=worker.check)

        overviews = by_key(reader.messages)
        changed, lost, invented = sorted(overviews)[0], sorted(overviews)[1], "p1." + "x" * 22
        planted = json.loads(overviews[changed])
        case = next(iter(planted["cases"]))
        planted["cases"][case]["sequence"] += 1
        plant(bus, changed, json.dumps(planted, separators=(",", ":"), ensure_ascii=False).encode())
        plant(bus, lost, None)
        plant(bus, invented, overviews[changed].replace(changed.encode(), invented.encode()))

        found = casebus(bus, "verify", "--json")
    assert found.code == 1
    assert sorted(found.report["differences"], key=lambda each: each["party_ref"]) == sorted(
        [
            {"party_ref": changed, "finding": "different", "paths": [f"cases[{case}].sequence"]},
            {"party_ref": lost, "finding": "missing", "paths": []},
            {"party_ref": invented, "finding": "unexpected", "paths": []},
        ],
        key=lambda each: str(each["party_ref"]),
    )
    untouched = {str(number) for number in range(PARTITIONS)} - {
        str(partition_of(ref, PARTITIONS)) for ref in (changed, lost, invented)
    }
    for partition in sorted(untouched):
        assert casebus(bus, "verify", "--partition", partition).code == 0


def test_a_bus_that_is_not_there_is_said_to_be_so(bus: Bus) -> None:
    ended = casebus(bus, "verify")
    assert ended.code == 2
    assert f"topic {bus.topics.accepted}" in ended.err
