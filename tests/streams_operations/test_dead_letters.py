"""``casebus dead-letters`` on the real Kafka: found, shown, and handled once more when the cause is gone."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from confluent_kafka.cimpl import NewTopic
from tests.bus import Bus, by_key
from tests.streams.case_events import content
from tests.streams_operations.commands import casebus

from casebus_schemas import (
    Citizen,
    DeadLetter,
    Position,
    Role,
    StatusChanged,
    encode,
    encode_event,
    insz_of,
    new_event,
    partitions_of,
)
from casebus_schemas.topics import SUBMITTED
from casebus_streams.records import ATTEMPT_HEADER, attempt_of
from casebus_streams.topic_admin import admin_client

pytestmark = pytest.mark.integration

AGENCY = "OVO000001"
NUMBER = insz_of("850730033")


def event(sequence: int) -> bytes:
    data = StatusChanged(case_id="case-1", parties=(Citizen(number=NUMBER, role=Role.APPLICANT),), **dict(content()))
    return encode_event(new_event(data, agency=AGENCY, sequence=sequence))


def make_submitted_topic_alone(bus: Bus) -> None:
    """An agency whose rejected topic was forgotten."""
    bus.make_topics([])
    name = bus.topics.submitted(AGENCY)
    topic = NewTopic(name, partitions_of(SUBMITTED), 1, config=SUBMITTED.config)
    admin = admin_client(bus.kafka)
    admin.create_topics([topic])[name].result()


def submit(bus: Bus, value: bytes, key: bytes = b"case-1") -> None:
    with bus.producer() as producer:
        producer.produce(bus.topics.submitted(AGENCY), value, key)


def listed(bus: Bus, *options: str) -> list[dict[str, Any]]:
    ended = casebus(bus, "dead-letters", "list", "--json", *options)
    assert ended.code == 0, ended.err
    letters: list[dict[str, Any]] = json.loads(ended.out)
    return letters


@pytest.mark.timeout(180)
def test_a_record_that_failed_for_want_of_a_topic_is_handled_once_it_is_there(bus: Bus) -> None:
    make_submitted_topic_alone(bus)
    invalid = event(1).replace(b"Aanvraag", b"")  # a title must say something
    with bus.run_streams() as worker:
        submit(bus, invalid)
        letters = bus.reader(bus.topics.dead_letters)
        letters.read_until(lambda read: len(read) == 1, alive=worker.check)
        first = listed(bus)[0]
        assert (first["stage"], first["reason"], first["attempt"]) == ("intake", "rejected-topic.missing", 1)

        too_soon = casebus(bus, "dead-letters", "replay", first["letter"], "--json")
        assert too_soon.report == {"chosen": [first["letter"]], "replayed": 1, "failed": {}}
        letters.read_until(lambda read: len(read) == 2, alive=worker.check)
        second = listed(bus)[1]
        assert (second["reason"], second["attempt"]) == ("rejected-topic.missing", 2)
        assert second["offset"] > first["offset"]

        bus.make_topics([AGENCY])
        replayed = casebus(bus, "dead-letters", "replay", "--reason", "rejected-topic.missing")
        assert replayed.code == 0, replayed.err
        assert "2 chosen, 2 replayed" in replayed.out.decode()
        rejected = bus.reader(bus.topics.rejected(AGENCY))
        rejected.read_until(lambda read: len(read) == 2, alive=worker.check)
        assert len(letters.read_more(1)) == 2
    original = decode_original(rejected.messages[0].value())
    assert original == invalid
    audit = [json.loads(line) for line in replayed.err.splitlines()]
    assert [(line["letter"], line["attempt"]) for line in audit if line["event"] == "dead_letter_replayed"] == [
        (first["letter"], 2),
        (second["letter"], 3),
    ]
    everything = too_soon.err + replayed.err + casebus(bus, "dead-letters", "show", first["letter"]).out.decode()
    assert NUMBER not in everything


def decode_original(rejection: bytes | None) -> bytes:
    return b64decode(json.loads(rejection or b"{}")["original"])


def test_replaying_an_accepted_event_counts_it_once(bus: Bus) -> None:
    bus.make_topics([AGENCY])
    with bus.run_streams() as worker:
        submit(bus, event(1))
        changes = bus.reader(bus.topics.changes)
        changes.read_until(lambda read: len(read) == 1, alive=worker.check)
        accepted = bus.reader(bus.topics.accepted)
        message = accepted.read_until(lambda read: len(read) == 1)[0]
        place = Position(topic=bus.topics.accepted, partition=message.partition() or 0, offset=message.offset() or 0)
        write_letter(bus, place, key=message.key(), original=message.value())

        assert casebus(bus, "dead-letters", "replay", "0:0").code == 0
        copies = accepted.read_until(lambda read: len(read) == 2)
        assert (copies[1].key(), copies[1].value()) == (message.key(), message.value())
        assert copies[1].partition() == message.partition()
        submit(bus, event(2))
        changes.read_until(lambda read: len(read) == 2, alive=worker.check)
        assert len(changes.read_more(1)) == 2
        overviews = bus.reader(bus.topics.overviews)
        overviews.read_until(lambda read: versions(read) == [2], alive=worker.check)
    shown = casebus(bus, "dead-letters", "show", "0:0", "--original")
    assert shown.out == message.value()


def versions(read: list[Any]) -> list[int]:
    return [json.loads(value)["version"] for value in by_key(read).values()]


def write_letter(
    bus: Bus, place: Position, *, key: bytes | None = None, original: bytes | None = None, reason: str = "made-up"
) -> None:
    letter = DeadLetter(
        position=place,
        stage="overviews",
        reason=reason,
        error="",
        key=None if key is None else b64encode(key),
        original=None if original is None else b64encode(original),
    )
    with bus.producer() as producer:
        producer.produce(bus.topics.dead_letters, encode(letter), key)


def test_letters_are_found_by_reason_stage_and_time(bus: Bus) -> None:
    bus.make_topics([AGENCY])
    place = Position(topic=bus.topics.accepted, partition=0, offset=0)
    write_letter(bus, place, reason="one")
    write_letter(bus, place, reason="other")
    assert [each["letter"] for each in listed(bus)] == ["0:0", "0:1"]
    assert [each["reason"] for each in listed(bus, "--reason", "other")] == ["other"]
    assert listed(bus, "--stage", "intake") == []
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert listed(bus, "--since", later) == []
    assert len(listed(bus, "--since", "2026-01-01T00:00:00+01:00")) == 2
    assert casebus(bus, "dead-letters", "list", "--since", "2026-01-01").code == 2
    dry = casebus(bus, "dead-letters", "replay", "--reason", "other", "--dry-run", "--json")
    assert dry.report == {"chosen": ["0:1"], "replayed": 0, "failed": {}}


def test_what_cannot_be_replayed_is_said_and_the_rest_is_replayed(bus: Bus) -> None:
    bus.make_topics([AGENCY])
    accepted = Position(topic=bus.topics.accepted, partition=0, offset=0)
    write_letter(bus, Position(topic=bus.topics.overviews, partition=0, offset=0), key=b"p1.x", original=b"{}")
    write_letter(bus, Position(topic=bus.topics.submitted(AGENCY), partition=0, offset=7))
    write_letter(bus, accepted, key=b"p1.x/a/b", original=b"{}")
    ended = casebus(bus, "dead-letters", "replay", "--reason", "made-up", "--json")
    assert ended.code == 1
    assert ended.report["replayed"] == 1
    assert set(ended.report["failed"]) == {"0:0", "0:1"}
    assert "holds no events" in ended.report["failed"]["0:0"]
    assert "no longer holds offset 7" in ended.report["failed"]["0:1"]
    assert casebus(bus, "dead-letters", "show", "0:9").code == 2
    assert casebus(bus, "dead-letters", "replay").code == 2


def test_the_attempt_is_read_from_headers_as_they_come() -> None:
    assert attempt_of([]) == 1
    assert attempt_of([("other", b"7"), (ATTEMPT_HEADER, b"3")]) == 3
    assert [attempt_of([(ATTEMPT_HEADER, odd)]) for odd in (None, b"", b"x", b"-1", b"0", b"99999")] == [1] * 6
