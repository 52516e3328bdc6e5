"""What the producer refuses, bounds and reports when no broker answers: needs none."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from tests.producers.cases import AGENCY, CANARY, event, settings

from casebus_producers import (
    BackPressureError,
    BrokerError,
    CaseStatusProducer,
    ClosedError,
    DeliveryError,
    UndeliveredError,
    WrongAgencyError,
)
from casebus_producers.settings import KafkaSettings
from casebus_schemas import InvalidEventError


def test_another_agencys_event_is_refused(dead_broker: str) -> None:
    with CaseStatusProducer(settings(dead_broker), agency=AGENCY) as producer:
        with pytest.raises(WrongAgencyError, match=r"OVO000999.*source\.agency"):
            producer.publish(event(agency="OVO000999"))
        assert len(producer) == 0


def test_an_invalid_event_is_refused(dead_broker: str) -> None:
    invalid = event().model_copy(update={"subject": "another-case"})
    with CaseStatusProducer(settings(dead_broker), agency=AGENCY) as producer:
        with pytest.raises(InvalidEventError) as refusal:
            producer.publish(invalid)
        assert [reason.rule for reason in refusal.value.reasons] == ["subject.case-id"]
        assert len(producer) == 0


def test_a_full_queue_makes_publish_wait_and_then_refuse(dead_broker: str) -> None:
    patient = settings(dead_broker, queue_max_events=10, back_pressure_wait_seconds=0.3)
    producer = CaseStatusProducer(patient, agency=AGENCY)
    for sequence in range(1, 11):
        producer.publish(event(sequence=sequence))
    started = time.monotonic()
    with pytest.raises(BackPressureError, match="publish it again later") as refusal:
        producer.publish(event(sequence=11))
    assert 0.3 <= time.monotonic() - started < 5
    assert refusal.value.queued == len(producer) == 10
    assert "refused" in str(refusal.value.last_problem)
    with pytest.raises(DeliveryError) as lost:
        producer.close(0)
    assert [failure.event_id for failure in lost.value.failures] == [f"case-1-{number}" for number in range(1, 11)]


def test_close_names_what_did_not_arrive(dead_broker: str) -> None:
    producer = CaseStatusProducer(settings(dead_broker), agency=AGENCY)
    handle = producer.publish(event("case-7", 3))
    with pytest.raises(DeliveryError, match="event case-7-3 of case case-7") as lost:
        producer.close(0.1)
    assert lost.value.failures == (handle,)
    assert handle.done
    assert producer.failed == 1
    assert CANARY not in str(lost.value)
    producer.close()


def test_a_failure_that_the_caller_took_is_not_raised_again(dead_broker: str) -> None:
    producer = CaseStatusProducer(settings(dead_broker, delivery_timeout_seconds=0.1), agency=AGENCY)
    taken, looked_at = producer.publish(event(sequence=1)), producer.publish(event(sequence=2))
    unseen = producer.publish(event(sequence=3))
    with pytest.raises(DeliveryError, match="case-1-1"):
        taken.result(timeout_seconds=30)
    _until(lambda: looked_at.done and unseen.done)
    assert looked_at.error is not None
    with pytest.raises(DeliveryError) as lost:
        producer.flush(30)
    assert lost.value.failures == (unseen,)
    producer.flush(30)
    producer.close()


def test_publish_stops_when_too_many_failures_wait_to_be_seen(dead_broker: str) -> None:
    short = settings(dead_broker, queue_max_events=3, delivery_timeout_seconds=0.1)
    producer = CaseStatusProducer(short, agency=AGENCY)
    handles = [producer.publish(event(sequence=sequence)) for sequence in (1, 2, 3)]
    _until(lambda: all(handle.done for handle in handles))
    with pytest.raises(DeliveryError, match="3 events not delivered"):
        producer.publish(event(sequence=4))
    assert len(producer) == 0
    producer.close()


def test_waiting_for_an_event_ends_in_time(dead_broker: str) -> None:
    producer = CaseStatusProducer(settings(dead_broker), agency=AGENCY)
    handle = producer.publish(event())
    with pytest.raises(UndeliveredError, match="1 events unconfirmed"):
        handle.result(timeout_seconds=0.1)
    with pytest.raises(UndeliveredError):
        producer.flush(0.1)
    assert not handle.done
    with pytest.raises(DeliveryError):
        producer.close(0)


def test_the_callers_own_error_stays_the_one_that_is_raised(dead_broker: str) -> None:
    def publish_and_fail() -> None:
        with CaseStatusProducer(settings(dead_broker, close_timeout_seconds=0), agency=AGENCY) as producer:
            producer.publish(event())
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine") as mine:
        publish_and_fail()
    assert any("1 events not delivered" in note for note in mine.value.__notes__)


def test_a_closed_producer_takes_nothing(dead_broker: str) -> None:
    producer = CaseStatusProducer(settings(dead_broker), agency=AGENCY)
    producer.close()
    with pytest.raises(ClosedError):
        producer.publish(event())


def test_settings_that_kafka_refuses_are_named() -> None:
    wrong = settings("localhost:1").model_copy(update={"kafka": KafkaSettings(extra={"ACKSS": "all"})})
    with pytest.raises(BrokerError, match="ackss"):
        CaseStatusProducer(wrong, agency=AGENCY)


def test_publish_many_tells_what_it_refused(dead_broker: str) -> None:
    with CaseStatusProducer(settings(dead_broker), agency=AGENCY) as producer:
        summary = producer.publish_many([event(agency="OVO000999"), event().model_copy(update={"subject": "x"})])
    assert (summary.published, summary.refused) == (0, 2)
    assert [(refusal.place, refusal.reasons[0].rule) for refusal in summary.first_refused] == [
        (1, "source.agency"),
        (2, "subject.case-id"),
    ]


def _until(condition: Callable[[], bool], limit_seconds: float = 30) -> None:
    deadline = time.monotonic() + limit_seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
