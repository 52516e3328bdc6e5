"""Both stages as a real worker on the real Kafka: nothing lost, nothing twice, nobody held up."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import Message
from tests import reference_fold
from tests.bus import Bus, by_key
from tests.streams.case_events import content

from casebus_local import LocalStack
from casebus_local.simulator import Simulation, Submission, What
from casebus_schemas import Citizen, DeadLetter, Role, StatusChanged, decode, encode_event, insz_of, new_event

pytestmark = pytest.mark.integration

AGENCY = "OVO000001"
SOMEBODY = Citizen(number=insz_of("850730033"), role=Role.APPLICANT)


@pytest.fixture
def bus(stack: LocalStack, topic_prefix: str) -> Bus:
    return Bus(stack, topic_prefix)


def event_bytes(sequence: int, *, case_id: str = "case-1", agency: str = AGENCY) -> bytes:
    data = StatusChanged(case_id=case_id, parties=(SOMEBODY,), **dict(content()))
    return encode_event(new_event(data, agency=agency, sequence=sequence))


def publish(bus: Bus, submissions: list[Submission]) -> None:
    with bus.producer() as producer:
        for submission in submissions:
            producer.produce(bus.topics.submitted(submission.agency), submission.value, submission.key)
            producer.poll(0)


def reference_of(submissions: list[Submission], pepper: bytes) -> reference_fold.Fold:
    fold = reference_fold.Fold()
    for submission in submissions:
        if submission.what is not What.INVALID and submission.value is not None:
            fold.apply_all(reference_fold.accept(json.loads(submission.value), pepper))
    return fold


def without_epoch(overview: bytes) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(overview)
    parsed.pop("epoch")
    return parsed


@pytest.mark.timeout(240)
def test_a_worker_killed_in_mid_stream_loses_nothing_and_repeats_nothing(bus: Bus) -> None:
    seed = random.randrange(10**6)
    rng = random.Random(seed)
    simulation = Simulation(events=6_000, seed=seed)
    submissions = list(simulation.submissions())
    reference = reference_of(submissions, bus.pepper)
    print(f"seed {seed}")  # noqa: T201 - pytest shows it when the test fails
    bus.make_topics(simulation.agencies)

    parts = [submissions[start : start + 1_500] for start in range(0, len(submissions), 1_500)]
    changes = bus.reader(bus.topics.changes)
    for part in parts:
        with bus.run_streams() as worker:
            publish(bus, part)
            changes.read_until(at_least(len(changes.messages) + rng.randrange(1, 800)), alive=worker.check)
            worker.kill()
    with bus.run_streams() as worker:
        changes.read_until(lambda read: len(read) >= len(reference.changes), alive=worker.check)
        overviews = bus.reader(bus.topics.overviews)
        overviews.read_until(
            lambda read: sum(without_epoch(v)["version"] for v in by_key(read).values()) >= len(reference.changes),
            alive=worker.check,
        )
        changes.read_more(1)

    ids = [json.loads(message.value() or b"")["change_id"] for message in changes.messages]
    assert len(ids) == len(set(ids))
    assert set(ids) == set(reference.changes)
    found = {ref: without_epoch(value) for ref, value in by_key(overviews.messages).items()}
    assert found == reference.overviews


def test_a_new_agencys_topic_is_picked_up_within_fifteen_seconds(bus: Bus) -> None:
    bus.make_topics([AGENCY])
    with bus.run_streams() as worker:
        publish(bus, [Submission(AGENCY, b"case-1", event_bytes(1), What.VALID)])
        changes = bus.reader(bus.topics.changes)
        changes.read_until(lambda read: len(read) == 1, alive=worker.check)

        started = time.monotonic()
        bus.make_topics(["OVO000099"])
        publish(bus, [Submission("OVO000099", b"case-1", event_bytes(1, agency="OVO000099"), What.VALID)])
        changes.read_until(lambda read: len(read) == 2, timeout_seconds=30, alive=worker.check)
        assert time.monotonic() - started < 15


def test_a_record_that_no_code_can_handle_goes_to_dead_letters_and_the_partition_goes_on(bus: Bus) -> None:
    bus.make_topics([AGENCY])
    with bus.producer() as producer:
        for partition in range(4):
            producer.produce(bus.topics.accepted, b'{"party_ref": 1}', b"poison", partition)
    publish(bus, [Submission(AGENCY, b"case-1", event_bytes(1), What.VALID)])
    with bus.run_streams() as worker:
        bus.reader(bus.topics.changes).read_until(lambda read: len(read) == 1, alive=worker.check)
        letters = bus.reader(bus.topics.dead_letters).read_until(lambda read: len(read) == 4, alive=worker.check)
    letter = decode(DeadLetter, letters[0].value() or b"")
    assert letter.reason == "accepted.undecodable"
    assert letter.original == b'{"party_ref": 1}'
    assert letter.position.topic == bus.topics.accepted


def test_events_refused_or_repeated_hold_up_nobody(bus: Bus) -> None:
    bus.make_topics([AGENCY, "OVO000002"])
    bad = [
        Submission(AGENCY, b"case-1", value, What.INVALID)
        for value in (b"", b"{", b"\xff", b"[" * 1000, b"x" * 66_560, event_bytes(1, agency="OVO000002"))
    ]
    bad += [
        Submission(AGENCY, None, event_bytes(1), What.INVALID),
        Submission(AGENCY, b"case-1", None, What.INVALID),
    ]
    good = Submission(AGENCY, b"case-1", event_bytes(1), What.VALID)
    publish(bus, [*bad, good, good])
    with bus.run_streams() as worker:
        rejected = bus.reader(bus.topics.rejected(AGENCY))
        rejected.read_until(lambda read: len(read) == len(bad), alive=worker.check)
        changes = bus.reader(bus.topics.changes)
        changes.read_until(lambda read: len(read) >= 1, alive=worker.check)
        assert len(changes.read_more(1)) == 1
    assert sorted(rule_of(message) for message in rejected.messages) == [
        "event.size",
        "event.tombstone",
        "json.depth",
        "json.syntax",
        "json.syntax",
        "json.syntax",
        "key.case-id",
        "source.topic",
    ]


def at_least(count: int) -> Callable[[list[Message]], bool]:
    return lambda read: len(read) >= count


def rule_of(message: Message) -> str:
    rule: str = json.loads(message.value() or b"")["reasons"][0]["rule"]
    return rule
