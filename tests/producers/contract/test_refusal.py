"""What is not taken, what is given up, and how the caller hears of it: nobody answers unless a test says so."""

from __future__ import annotations

import time

import pytest
from prometheus_client import CollectorRegistry
from tests.producers.cases import AGENCY, CANARY, event
from tests.producers.contract.drivers import Driver
from tests.producers.contract.worlds import World

from casebus_local import wait_until
from casebus_producers import (
    BackPressureError,
    BrokerError,
    ClosedError,
    DeliveryError,
    ProducerMetrics,
    UndeliveredError,
    WrongAgencyError,
)
from casebus_schemas import InvalidEventError


def test_an_event_that_breaks_the_contract_is_refused(world: World) -> None:
    with world.producer(broker=False) as driver:
        with pytest.raises(InvalidEventError) as refusal:
            driver.publish(event().model_copy(update={"subject": "another-case"}))
        assert [reason.rule for reason in refusal.value.reasons] == ["subject.case-id"]
        with pytest.raises(WrongAgencyError, match=r"OVO000999.*source\.agency"):
            driver.publish(event(agency="OVO000999"))
        assert len(driver.producer) == 0


def test_publish_many_tells_what_it_refused(world: World) -> None:
    with world.producer(broker=False) as driver:
        summary = driver.publish_many([event(agency="OVO000999"), event().model_copy(update={"subject": "x"})])
    assert (summary.published, summary.refused) == (0, 2)
    assert [(refusal.place, refusal.reasons[0].rule) for refusal in summary.first_refused] == [
        (1, "source.agency"),
        (2, "subject.case-id"),
    ]


def test_a_full_queue_makes_publish_wait_and_then_refuse(world: World) -> None:
    registry = CollectorRegistry()
    driver = world.producer(
        broker=False,
        more={"metrics": ProducerMetrics(registry)},
        queue_max_events=10,
        back_pressure_wait_seconds=0.3,
    )
    for sequence in range(1, 11):
        driver.publish(event(sequence=sequence))
    started = time.monotonic()
    with pytest.raises(BackPressureError, match="publish it again later") as refusal:
        driver.publish(event(sequence=11))
    assert 0.3 <= time.monotonic() - started < 5
    assert refusal.value.queued == len(driver.producer) == 10
    assert refusal.value.last_problem
    assert registry.get_sample_value("casebus_producer_waits_total", {"agency": AGENCY}) == 1
    assert (registry.get_sample_value("casebus_producer_wait_seconds_total", {"agency": AGENCY}) or 0) >= 0.3
    not_taken = {"agency": AGENCY, "outcome": "not-taken"}
    assert registry.get_sample_value("casebus_producer_events_total", not_taken) == 1
    with pytest.raises(DeliveryError) as lost:
        driver.close(0)
    assert [failure.event_id for failure in lost.value.failures] == [f"case-1-{number}" for number in range(1, 11)]


def test_the_queue_is_bounded_in_bytes_too(world: World) -> None:
    driver = world.producer(broker=False, queue_max_kib=64, back_pressure_wait_seconds=0)
    with pytest.raises(BackPressureError) as refusal:
        driver.publish_many(event(sequence=sequence, title="x" * 200) for sequence in range(1, 1_000))
    assert 30 < refusal.value.queued < 150, "events of about 750 bytes"
    with pytest.raises(DeliveryError) as lost:
        driver.close(0)
    assert len(lost.value.failures) == refusal.value.queued


def test_publish_many_stops_on_a_full_queue_and_close_names_what_it_had_taken(world: World) -> None:
    driver = world.producer(broker=False, queue_max_events=10, back_pressure_wait_seconds=0.1)
    with pytest.raises(BackPressureError):
        driver.publish_many(event(sequence=sequence) for sequence in range(1, 100))
    assert len(driver.producer) == 10
    with pytest.raises(DeliveryError) as lost:
        driver.close(0)
    assert [failure.event_id for failure in lost.value.failures] == [f"case-1-{number}" for number in range(1, 11)]
    assert {failure.case_id for failure in lost.value.failures} == {"case-1"}


def test_close_names_what_did_not_arrive(world: World) -> None:
    driver = world.producer(broker=False)
    handle = driver.publish(event("case-7", 3))
    with pytest.raises(DeliveryError, match="event case-7-3 of case case-7") as lost:
        driver.close(0.1)
    assert lost.value.failures == (handle,)
    assert handle.done
    assert driver.producer.failed == 1
    assert len(driver.producer) == 0
    assert CANARY not in str(lost.value)
    driver.close()


def test_a_failure_that_the_caller_took_is_not_raised_again(world: World) -> None:
    driver = world.producer(broker=False, delivery_timeout_seconds=0.1)
    taken, looked_at, unseen = [driver.publish(event(sequence=sequence)) for sequence in (1, 2, 3)]
    with pytest.raises(DeliveryError, match="case-1-1"):
        driver.result(taken, 30)
    with pytest.raises(DeliveryError, match="case-1-2"):
        driver.result(looked_at, 30)
    with pytest.raises(DeliveryError) as lost:
        driver.flush(30)
    assert lost.value.failures == (unseen,)
    driver.flush(30)
    driver.close()


def test_a_failure_that_was_read_is_not_raised_again(world: World) -> None:
    driver = world.producer(broker=False, delivery_timeout_seconds=0.1)
    handle = driver.publish(event())
    wait_until(lambda: _settled(driver), timeout_seconds=30, describe="the event is given up")
    assert handle.error is not None
    driver.close()


def test_publish_stops_when_too_many_failures_wait_to_be_seen(world: World) -> None:
    driver = world.producer(broker=False, queue_max_events=3, delivery_timeout_seconds=0.1)
    for sequence in (1, 2, 3):
        driver.publish(event(sequence=sequence))
    wait_until(lambda: _settled(driver), timeout_seconds=30, describe="the events are given up")
    with pytest.raises(DeliveryError, match="3 events not delivered"):
        driver.publish(event(sequence=4))
    assert len(driver.producer) == 0
    driver.close()


def test_waiting_for_an_event_ends_in_time(world: World) -> None:
    driver = world.producer(broker=False)
    handle = driver.publish(event())
    with pytest.raises(UndeliveredError, match="1 events unconfirmed"):
        driver.result(handle, 0.1)
    with pytest.raises(UndeliveredError):
        driver.flush(0.1)
    assert not handle.done
    with pytest.raises(DeliveryError):
        driver.close(0)


def test_the_callers_own_error_stays_the_one_that_is_raised(world: World) -> None:
    def publish_and_fail(driver: Driver) -> None:
        driver.publish(event())
        raise RuntimeError("mine")

    with (
        world.producer(broker=False, close_timeout_seconds=0) as driver,
        pytest.raises(RuntimeError, match="mine") as mine,
    ):
        driver.within_block(publish_and_fail)
    assert any("1 events not delivered" in note for note in mine.value.__notes__)


def test_a_closed_producer_takes_nothing(world: World) -> None:
    driver = world.producer(broker=False)
    driver.close()
    with pytest.raises(ClosedError):
        driver.publish(event())


def test_a_broker_that_does_not_answer_is_named(world: World) -> None:
    with world.producer(broker=False) as driver, pytest.raises(BrokerError, match="does not answer"):
        driver.check_topic(0.5)


def _settled(driver: Driver) -> bool:
    """Whether nothing is on its way; makes Kafka's client call back, and takes no failure."""
    driver.producer._sender.serve(0.05)
    return len(driver.producer) == 0
