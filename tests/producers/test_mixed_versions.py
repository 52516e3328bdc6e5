"""Two versions on one topic, with made-up fields: a bus that is upgraded has both for a while."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import pytest
from pydantic import Field, TypeAdapter
from tests.bus import Bus
from tests.producers.cases import AGENCY, WHEN, event

from casebus_local import LocalStack
from casebus_producers.feedback.reading import read_topic
from casebus_schemas import (
    EventEnvelope,
    InvalidEventError,
    NotificationOutcome,
    NotificationState,
    StatusChanged,
    StatusChangedEvent,
    decode_event,
    encode,
    encode_event,
)


class ToldOutcome(NotificationOutcome):
    """A later, compatible version: one more field, which may be absent."""

    tone: str | None = None


class UrgentStatusChanged(StatusChanged):
    """What a later, incompatible version would say: one more field, which must be there."""

    urgency: Annotated[int, Field(ge=1, le=5)]


class UrgentStatusChangedEvent(EventEnvelope):
    """An incompatible change is a new type, beside the old one."""

    type: Literal["be.vlaanderen.case.status-changed.v2"] = "be.vlaanderen.case.status-changed.v2"
    data: UrgentStatusChanged


BOTH_VERSIONS: TypeAdapter[StatusChangedEvent | UrgentStatusChangedEvent] = TypeAdapter(
    Annotated[StatusChangedEvent | UrgentStatusChangedEvent, Field(discriminator="type")]
)


def urgency_of(value: bytes) -> int:
    """How the bus would read both: the old version becomes the new one, with what the old one meant."""
    read = BOTH_VERSIONS.validate_json(value)
    return read.data.urgency if isinstance(read, UrgentStatusChangedEvent) else 3


def outcome(number: int) -> NotificationOutcome:
    return NotificationOutcome(
        notification_id=UUID(int=number),
        agency=AGENCY,
        case_id="case-1",
        event_id=f"case-1-{number}",
        sequence=number,
        state=NotificationState.SENT,
        at=WHEN,
    )


@pytest.mark.integration
def test_a_compatible_change_old_and_new_readers_read_old_and_new_records(stack: LocalStack, topic_prefix: str) -> None:
    bus = Bus(stack, topic_prefix, partitions=1)
    bus.make_topics([AGENCY])
    topic = bus.topics.outcomes(AGENCY)
    told = ToldOutcome(**dict(outcome(2)), tone="friendly")
    with bus.producer() as producer:
        for record in (outcome(1), told, outcome(3)):
            producer.produce(topic, encode(record), b"case-1")
    old = list(read_topic(bus.kafka, topic, NotificationOutcome, follow=False))
    new = list(read_topic(bus.kafka, topic, ToldOutcome, follow=False))
    assert old == [outcome(1), outcome(2), outcome(3)]
    assert [record.tone for record in new] == [None, "friendly", None]


def test_an_incompatible_change_is_a_new_type_and_both_are_read() -> None:
    first = event("case-1", 1)
    assert isinstance(first, StatusChangedEvent)
    data = UrgentStatusChanged(**dict(first.data), urgency=5)
    second = UrgentStatusChangedEvent(
        id="case-1-2", source=first.source, subject="case-1", time=WHEN, sequence=2, data=data
    )
    values = [encode_event(first), second.model_dump_json(exclude_none=True).encode()]
    assert [urgency_of(value) for value in values] == [3, 5]


def test_a_bus_that_does_not_know_the_new_type_says_so() -> None:
    newer = encode_event(event()).replace(b"status-changed.v1", b"status-changed.v2")
    with pytest.raises(InvalidEventError) as refused:
        decode_event(newer)
    assert [reason.rule for reason in refused.value.reasons] == ["kind.unknown"]
