"""What a subscriber does about partitions that go away under its hands, without the luck that Kafka needs for it."""

from __future__ import annotations

import threading
from collections.abc import Set

import pytest

from casebus_consumers.subscriber import CHANGES, FailurePolicy, Received, RetryPolicy, Start, Subscriber, delivery
from casebus_consumers.subscriber.delivery import Delivery
from casebus_consumers.testing import FakeBus, examples
from casebus_consumers.testing.fake_bus import PREFIX, FakeMember
from casebus_schemas import Change


class LeavingMember(FakeMember):
    """Loses every partition as soon as it lingers."""

    lingered = 0

    @property
    def gone(self) -> Set[int]:
        return {0, 1, 2} if self.lingered else set()

    def linger(self, seconds: float) -> None:
        self.lingered += 1


@pytest.fixture
def bus() -> FakeBus:
    made = FakeBus()
    made.publish(CHANGES, *(examples.change(version) for version in range(1, 6)))
    return made


@pytest.fixture
def member(bus: FakeBus) -> LeavingMember:
    return LeavingMember(
        bus, CHANGES.topic(PREFIX), "g", start=Start.EARLIEST, stop=threading.Event(), stop_at_end=False
    )


def subscriber_of(member: FakeMember, failure: FailurePolicy) -> Subscriber[Change]:
    return Subscriber(Delivery(member, CHANGES, failure, None, member._stop))


def test_what_went_away_is_neither_handled_nor_marked(bus: FakeBus, member: LeavingMember) -> None:
    patient = FailurePolicy(retry=RetryPolicy(first_wait_seconds=2.0))
    tried: list[int] = []

    def fail_at_the_third(received: Received[Change]) -> None:
        tried.append(received.value.version)
        if received.value.version == 3:
            threading.Timer(0.2, member._stop.set).start()
            raise ConnectionError

    with subscriber_of(member, patient) as subscriber:
        subscriber.run(fail_at_the_third)
    assert tried == [1, 2, 3]
    assert bus.committed(CHANGES, "g") == 2


def test_a_batch_that_takes_long_calls_in_at_kafka_between_two_records(
    member: LeavingMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("casebus_consumers.subscriber.delivery.time.monotonic", lambda: now[0])
    calls: list[int] = []
    subscriber = subscriber_of(member, FailurePolicy())
    for received in subscriber:
        calls.append(member.lingered)
        now[0] += delivery.CALL_IN_SECONDS * 0.6
        if received.value.version == 2:
            subscriber.stop()
    assert (calls, member.lingered) == ([0, 0], 1)
