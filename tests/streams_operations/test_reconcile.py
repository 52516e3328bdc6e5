"""``casebus reconcile`` on the real Kafka: it finds events that intake passed over, whole or in part, and no others."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition
from tests.bus import Bus
from tests.streams.case_events import content
from tests.streams_operations.commands import casebus
from tests.streams_operations.load import Load

from casebus_producers.log_offsets import log_ends
from casebus_schemas import Citizen, Role, StatusChanged, encode_event, insz_of, new_event
from casebus_schemas.topics import AGENCY_PARTITIONS
from casebus_streams.intake.decision import decide
from casebus_streams.intake.fast_door import FastDoor
from casebus_streams.records import InRecord
from casebus_streams.topic_admin import admin_client

pytestmark = pytest.mark.integration

AGENCY = "OVO000001"
PARTITIONS = 4
NUMBERS = (insz_of("850730033"), insz_of("850730034"))
WHY = ("--reason", "a torn transaction", "--ticket", "T-1")


def event(case: str, numbers: tuple[str, ...] = NUMBERS[:1]) -> bytes:
    parties = tuple(Citizen(number=number, role=Role.APPLICANT) for number in numbers)
    data = StatusChanged(case_id=case, parties=parties, **dict(content()))
    return encode_event(new_event(data, agency=AGENCY, sequence=1, id=f"event-of-{case}"))


def submit(bus: Bus, **cases: bytes) -> None:
    with bus.producer() as producer:
        for case, value in cases.items():
            producer.produce(bus.topics.submitted(AGENCY), value, case)


def pass_over(bus: Bus) -> None:
    """Move intake past all that was submitted, as a torn transaction would. No worker runs."""
    topic = bus.topics.submitted(AGENCY)
    ends = log_ends(admin_client(bus.kafka), topic, range(AGENCY_PARTITIONS))
    consumer = Consumer(bus.kafka.client_config(group_id=f"{bus.topics.prefix}.intake", enable_auto_commit=False))
    consumer.commit(offsets=[TopicPartition(topic, number, end) for number, end in ends.items()], asynchronous=False)
    consumer.close()


def accept_for_the_first_party(bus: Bus, value: bytes, case: str) -> None:
    """Write what intake would have written, but not all of it."""
    record = InRecord(bus.topics.submitted(AGENCY), 0, 0, case.encode(), value, 0)
    decision = decide(
        record, agency=AGENCY, fast_door=FastDoor(), pepper=bus.pepper, partitions=PARTITIONS, link_hosts={}
    )
    first = decision.accepted[0]
    with bus.producer() as producer:
        producer.produce(bus.topics.accepted, first.value, first.key, first.partition)


def reconciled(bus: Bus, *options: str) -> tuple[int, dict[str, Any]]:
    ended = casebus(bus, "reconcile", "--json", *options)
    assert ended.out, ended.err
    assert not any(number in ended.out.decode() + ended.err for number in NUMBERS)
    return ended.code, ended.report


def wait_until_answered(bus: Bus) -> None:
    bus.wait_until_caught_up("intake", bus.topics.submitted(AGENCY))


@pytest.mark.timeout(180)
def test_events_that_flow_are_answered(bus: Bus, seed: int) -> None:
    load = Load(bus, events=3_000, first=1_500, seed=seed, per_second=20)  # longer than the command takes
    with bus.run_streams() as worker, load:
        bus.reader(bus.topics.accepted).read_until(lambda read: len(read) > 1_200, alive=worker.check)
        code, during = reconciled(bus)
        load.finish()
        bus.wait_until_caught_up("intake", *{bus.topics.submitted(each.agency) for each in load.submissions})
        after_code, after = reconciled(bus)
    assert (code, during["unanswered"]) == (0, [])
    assert 500 < during["events"] < len(load.submissions)
    assert (after_code, after["unanswered"], after["events"]) == (0, [], len(load.submissions))
    assert after["accepted"] + after["refused"] == after["events"]
    assert after["refused"] > 0, "there are invalid ones among them"


@pytest.mark.timeout(180)
def test_what_intake_passed_over_is_found_set_aside_and_replayed(bus: Bus) -> None:
    bus.make_topics([AGENCY])
    shared = event("shared", NUMBERS)
    with bus.run_streams() as worker:
        submit(bus, answered=event("answered"), refused=b"{}")
        wait_until_answered(bus)
        worker.stop(timeout_seconds=30)
    submit(bus, lost=event("lost"), shared=shared, invalid=b"{}")
    accept_for_the_first_party(bus, shared, "shared")
    assert reconciled(bus)[0] == 0, "intake has not come to these yet"
    pass_over(bus)

    code, found = reconciled(bus)
    assert (code, found["events"], found["accepted"], found["refused"]) == (1, 5, 1, 1)
    assert {(each["case_id"], each["event_id"], each["parties"], each["missing"]) for each in found["unanswered"]} == {
        ("lost", "event-of-lost", 1, 1),
        ("shared", "event-of-shared", 2, 1),
        (None, None, 0, 0),
    }
    later = datetime.now(UTC) + timedelta(hours=1)
    assert reconciled(bus, "--since", later.isoformat())[1]["events"] == 0

    code, aside = reconciled(bus, "--set-aside", *WHY)
    assert (code, aside["set_aside"]) == (1, 3)
    assert json.loads(casebus(bus, "audit", "list", "--json").out.splitlines()[-1])["details"] == {"letters": "3"}
    code, again = reconciled(bus, "--agency", AGENCY, "--since", (later - timedelta(days=1)).isoformat())
    assert (code, again["refused"]) == (0, 4), "set aside is an answer"
    replay = casebus(bus, "dead-letters", "replay", "--reason", "intake.unanswered", "--json")
    assert replay.report["replayed"] == 3, replay.err
    with bus.run_streams():
        wait_until_answered(bus)
    code, mended = reconciled(bus)
    assert (code, mended["events"], mended["accepted"], mended["refused"]) == (0, 8, 5, 3)


def test_an_agency_that_is_not_there_is_said_to_be_so(bus: Bus) -> None:
    bus.make_topics([AGENCY])
    ended = casebus(bus, "reconcile", "--agency", "OVO000009")
    assert (ended.code, bus.topics.submitted("OVO000009") in ended.err) == (2, True)
