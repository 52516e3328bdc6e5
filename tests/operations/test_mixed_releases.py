"""An upgrade and the way back: what a newer release has left in the topics does not stop this one.

The newer release is this one with an optional field more in each record, since that is all a release may change there
(docs/agencies/schema-evolution.md). Databases that a newer release has migrated: tests/consumers/test_migrations.py.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from confluent_kafka import Message
from tests.bus import Bus, by_key
from tests.streams.test_streams_kafka import AGENCY, event_bytes

from casebus_local import LocalStack
from casebus_schemas import InvalidEventError, decode_event

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

NEWER = {"of_a_newer_release": {"anything": [1]}}


def newer(record: Message) -> bytes:
    """The record as a newer release would have written it: one field more at the top, and one within each case."""
    parsed: dict[str, Any] = json.loads(record.value() or b"")
    for case in parsed.get("cases", {}).values():
        case.update(NEWER)
    return json.dumps(parsed | NEWER).encode()


def copy(bus: Bus, topic: str, record: Message) -> None:
    with bus.producer() as producer:
        producer.produce(topic, newer(record), record.key(), partition=record.partition() or 0)


def test_streams_go_on_from_what_a_newer_release_has_written(stack: LocalStack, topic_prefix: str) -> None:
    first = Bus(stack, f"{topic_prefix}-a")
    first.make_topics([AGENCY])
    with first.producer() as producer:
        for sequence in (1, 2):
            producer.produce(first.topics.submitted(AGENCY), event_bytes(sequence), b"case-1")
    with first.run_streams() as worker:
        overviews = first.reader(first.topics.overviews)
        latest = overviews.read_until(lambda read: version_of(read) == 2, alive=worker.check)
        accepted = first.reader(first.topics.accepted).read_until(lambda read: len(read) == 2, alive=worker.check)

    # Where the newer release has folded the first event, and intake of that release has accepted the second.
    second = Bus(stack, f"{topic_prefix}-b")
    second.make_topics([AGENCY])
    copy(second, second.topics.accepted, accepted[0])
    with second.run("streams", CASEBUS_STREAMS__WORKER_ID="w1") as worker:
        [view] = second.reader(second.topics.overviews).read_until(lambda read: len(read) == 1, alive=worker.check)
        worker.stop(timeout_seconds=30)
    copy(second, second.topics.overviews, view)
    copy(second, second.topics.accepted, accepted[1])

    with second.run("streams", CASEBUS_STREAMS__WORKER_ID="w1") as worker:
        overviews = second.reader(second.topics.overviews)
        found = overviews.read_until(lambda read: version_of(read) == 2, alive=worker.check)
        letters = second.reader(second.topics.dead_letters).read_more(0.5)
    assert letters == []
    [went_on], [as_without] = by_key(found).values(), by_key(latest).values()
    assert shared(json.loads(went_on)) == shared(json.loads(as_without))


def version_of(read: list[Message]) -> int:
    return max((json.loads(message.value() or b"")["version"] for message in read), default=0)


def shared(overview: dict[str, Any]) -> dict[str, Any]:
    """What both releases know."""
    for case in overview["cases"].values():
        case.pop("of_a_newer_release", None)
    overview.pop("of_a_newer_release", None)
    return {name: value for name, value in overview.items() if name != "updated_at"}


def test_an_agency_s_event_of_a_later_minor_version_is_refused_with_the_field_named() -> None:
    """So the bus is upgraded before anybody sends something new."""
    event = json.loads(event_bytes(1))
    event["data"]["of_a_newer_release"] = 1
    with pytest.raises(InvalidEventError) as refused:
        decode_event(json.dumps(event).encode())
    assert [(reason.field, reason.rule) for reason in refused.value.reasons] == [
        ("data.of_a_newer_release", "field.unknown")
    ]
