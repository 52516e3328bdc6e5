"""``casebus merge`` on the real Kafka: nothing lost, nothing told twice; killed at any step, another run ends it."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import Message
from tests.bus import Bus, TopicReader, by_key
from tests.faults.sizes import IS_LARGE
from tests.open_transaction import OpenTransaction
from tests.streams.case_events import content
from tests.streams_operations.commands import casebus, run_module
from tests.streams_operations.dying_merge import FEW_POINTS
from tests.streams_operations.dying_merge import POINTS as ALL_POINTS

from casebus_local.processes import CasebusProcess
from casebus_schemas import (
    Citizen,
    Preferences,
    Role,
    StatusChanged,
    encode,
    encode_event,
    insz_of,
    new_event,
    partition_of,
    party_ref,
)
from casebus_streams.merge.merge import Merge

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

POINTS = ALL_POINTS if IS_LARGE else FEW_POINTS
AGENCY = "OVO000001"
PARTITIONS = 4
OLD, NEW, NEWEST, OTHER = (insz_of(first) for first in ("852703001", "850703001", "850703003", "850703005"))


class Merging:
    """A bus with a worker, on which citizens have cases."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        bus.make_topics([AGENCY])
        self.changes = bus.reader(bus.topics.changes)

    def ref(self, number: str) -> str:
        return party_ref(self.bus.pepper, "citizen", number)

    def publish(self, number: str, *cases: str, sequence: int = 1) -> None:
        with self.bus.producer() as producer:
            for case_id in cases:
                parties = (Citizen(number=number, role=Role.APPLICANT),)
                data = StatusChanged(case_id=case_id, parties=parties, **dict(content(title=f"Zaak {sequence}")))
                event = encode_event(new_event(data, agency=AGENCY, sequence=sequence))
                producer.produce(self.bus.topics.submitted(AGENCY), event, case_id)

    def choose(self, party_ref: str) -> Preferences:
        """The party's own preferences."""
        chosen = {"party_ref": party_ref, "updated_at": "2026-01-01T00:00:00Z", "email": "mia@example.be"}
        preferences = Preferences.model_validate_json(json.dumps(chosen))
        with self.bus.producer() as producer:
            place = partition_of(party_ref, PARTITIONS)
            producer.produce(self.bus.topics.preferences, encode(preferences), party_ref, place)
        return preferences

    def arguments(self, source: str, target: str, *more: str) -> list[str]:
        return ["merge", "--from", self.ref(source), "--to", self.ref(target), "--json", *more]

    def wait_for(self, worker: CasebusProcess, changes: int) -> list[dict[str, Any]]:
        """The changes, once there are so many."""
        return parsed(self.changes.read_until(lambda read: len(read) >= changes, alive=worker.check))

    def overviews(self, worker: CasebusProcess, is_there: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        reader = self.bus.reader(self.bus.topics.overviews)
        reader.read_until(lambda _: is_there(latest(reader)), alive=worker.check)
        found = latest(reader)
        reader.close()
        return found


def latest(reader: TopicReader) -> dict[str, Any]:
    return {ref: json.loads(value) for ref, value in by_key(reader.messages).items() if value}


def parsed(messages: list[Message]) -> list[dict[str, Any]]:
    return [json.loads(message.value() or b"") for message in messages]


@pytest.fixture
def merging(bus: Bus) -> Merging:
    return Merging(bus)


def test_history_moves_later_events_follow_and_nobody_is_told_again(merging: Merging) -> None:
    old, new = merging.ref(OLD), merging.ref(NEW)
    chosen = merging.choose(old)
    with merging.bus.run_streams() as worker:
        merging.publish(OLD, "a", "b")
        merging.publish(OLD, "a", sequence=2)
        merging.publish(NEW, "c")
        merging.publish(OTHER, "d")
        merging.wait_for(worker, 5)

        planned = casebus(merging.bus, "merge", "--numbers", "--dry-run", "--json", stdin=f"{OLD}\n{NEW}\n")
        assert (planned.code, planned.report["to_move"]) == (0, 3), planned.err
        assert planned.report["into"] == new
        done = casebus(merging.bus, *merging.arguments(OLD, NEW))
        assert (done.code, done.report["moved"], done.report["deleted"]) == (0, 3, 3), done.err
        assert done.report["preferences"] == "kept", "what waits to be told must have moved first"

        merging.publish(OLD, "b", sequence=2)
        merging.publish(OLD, "e")
        changes = merging.wait_for(worker, 10)
        told = [(change["party_ref"], change["kind"], change.get("moved_from")) for change in changes[5:]]
        assert sorted(told[:3], key=str) == [(new, "history-amended", old)] * 3
        assert sorted(told[3:], key=str) == [(new, "case-added", None), (new, "status-changed", None)]

        overviews = merging.overviews(worker, lambda found: found.get(new, {}).get("version") == 6)
        assert sorted(overviews[new]["cases"]) == [f"{AGENCY}/{case}" for case in "abce"]
        assert [entry["sequence"] for entry in overviews[new]["cases"][f"{AGENCY}/a"]["history"]] == [1, 2]
        assert (overviews[old]["merged_into"], overviews[old]["cases"]) == (new, {})
        assert list(overviews[merging.ref(OTHER)]["cases"]) == [f"{AGENCY}/d"]

        again = casebus(merging.bus, *merging.arguments(OLD, NEW))
        assert (again.code, again.report["moved"], again.report["deleted"]) == (0, 0, 0), again.err
        assert again.report["preferences"] == "moved"
        verified = casebus(merging.bus, "verify", "--json")
        assert (verified.code, verified.report["differences"]) == (0, []), verified.out
        assert len(parsed(merging.changes.read_more(1))) == 10
    moved = encode(chosen.model_copy(update={"party_ref": new}))
    assert by_key(merging.bus.reader(merging.bus.topics.preferences).read_to_end()) == {old: b"", new: moved}
    log = by_key(merging.bus.reader(merging.bus.topics.accepted).read_to_end())
    assert [key for key, value in log.items() if value and key.startswith(old)] == [
        f"{old}/!merged",
        *(key for key in log if key.startswith(old) and ("/b/2/" in key or "/e/" in key)),
    ]


def test_chains_are_followed_and_circles_refused(merging: Merging) -> None:
    old, new, newest = merging.ref(OLD), merging.ref(NEW), merging.ref(NEWEST)
    with merging.bus.run_streams() as worker:
        merging.publish(OLD, "a")
        merging.wait_for(worker, 1)
        assert casebus(merging.bus, *merging.arguments(OLD, OLD)).code == 2
        assert casebus(merging.bus, *merging.arguments(NEW, NEWEST)).code == 0
        chained = casebus(merging.bus, *merging.arguments(OLD, NEW))
        assert (chained.code, chained.report["into"]) == (0, newest), chained.err
        assert casebus(merging.bus, *merging.arguments(NEWEST, OLD)).code == 2
        elsewhere = casebus(merging.bus, *merging.arguments(OLD, OTHER))
        assert (elsewhere.code, "merged into another" in elsewhere.err) == (2, True)
        merging.publish(NEW, "b")
        merging.publish(OLD, "c")
        overviews = merging.overviews(worker, lambda found: found.get(newest, {}).get("version") == 3)
    assert sorted(overviews[newest]["cases"]) == [f"{AGENCY}/{case}" for case in "abc"]
    assert {overviews[old]["merged_into"], overviews[new]["merged_into"]} == {newest}


def test_what_lies_in_an_open_transaction_when_the_marker_is_written_moves_too(merging: Merging) -> None:
    old, new = merging.ref(OLD), merging.ref(NEW)
    with merging.bus.run_streams() as worker:
        merging.publish(OLD, "a")
        merging.wait_for(worker, 1)
        open_intake = OpenTransaction(merging.bus, {"event_id": "later", "sequence": 2})

        def at(step: str) -> None:
            if step == "mark":
                open_intake.begin()
            if step == "delete":
                open_intake.commit()

        merge = Merge(merging.bus.kafka, old, new, progress=lambda _: open_intake.commit())
        report = merge.run(patience_seconds=60, step=at)
        assert (report.moved, report.deleted) == (2, 2)
        overviews = merging.overviews(worker, lambda found: found.get(new, {}).get("version") == 2)
    assert [entry["sequence"] for entry in overviews[new]["cases"][f"{AGENCY}/a"]["history"]] == [1, 2]


@pytest.mark.timeout(300)
def test_killed_at_any_step_another_run_ends_it(merging: Merging) -> None:
    old, new = merging.ref(OLD), merging.ref(NEW)
    cases = [f"case-{number}" for number in range(20)]
    with merging.bus.run_streams("w1") as worker:
        merging.publish(OLD, *cases)
        merging.publish(NEW, "own")
        merging.wait_for(worker, len(cases) + 1)
        for point in POINTS:
            died = run_module(merging.bus, "tests.streams_operations.dying_merge", point, *merging.arguments(OLD, NEW))
            assert died.code == -signal.SIGKILL, (point, died.err)
            merging.publish(OLD, cases[0], sequence=2 + POINTS.index(point))
        worker.kill()
    with merging.bus.run_streams("w1") as worker:
        done = casebus(merging.bus, *merging.arguments(OLD, NEW))
        assert done.code == 0, done.err
        overviews = merging.overviews(
            worker, lambda found: found.get(new, {}).get("version") == len(cases) + 1 + len(POINTS)
        )
        verified = casebus(merging.bus, "verify", "--json")
        assert (verified.code, verified.report["differences"]) == (0, []), verified.out
        changes = parsed(merging.changes.read_more(1))
    assert overviews[old]["cases"] == {}
    assert sorted(overviews[new]["cases"]) == sorted(f"{AGENCY}/{case}" for case in [*cases, "own"])
    history = overviews[new]["cases"][f"{AGENCY}/{cases[0]}"]["history"]
    assert [entry["sequence"] for entry in history] == list(range(1, len(POINTS) + 2))
    ids = [change["change_id"] for change in changes]
    assert len(ids) == len(set(ids))
    news = [(change["case_id"], change["sequence"]) for change in changes if "moved_from" not in change]
    assert len(news) == len(set(news)), "told under the old party and the new one"
