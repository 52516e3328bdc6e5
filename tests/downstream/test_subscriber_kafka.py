"""What only Kafka can do to a subscriber: members that come and go, positions that vanish, overviews made anew."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.cimpl import NewTopic
from tests.downstream.places import PARTITIONS, DownstreamBus
from tests.trimmed_log import delete_before

from casebus_consumers.errors import PositionOutOfRangeError
from casebus_consumers.subscriber import (
    CHANGES,
    LIGHT_CHANGES,
    OVERVIEWS,
    FailurePolicy,
    Received,
    RetryPolicy,
    Start,
    Subscriber,
    subscribe,
)
from casebus_consumers.subscriber.group_member import GroupMember
from casebus_consumers.testing import examples
from casebus_local import wait_until
from casebus_producers.log_offsets import log_ends
from casebus_schemas import EPOCH_KEY, EpochState, OverviewsEpoch, Topics, encode
from casebus_streams.topic_admin import admin_client

pytestmark = pytest.mark.integration

PATIENCE_SECONDS = 40.0

Name = tuple[str, int]


def changes(parties: int, versions: range) -> list[tuple[str, bytes | None]]:
    made = [
        examples.change(version, party_ref=examples.party(number)) for version in versions for number in range(parties)
    ]
    return [(change.party_ref, encode(change)) for change in made]


def names(parties: int, versions: range) -> set[Name]:
    return {(examples.party(number), version) for version in versions for number in range(parties)}


def name_of(received: Received[Any]) -> Name:
    return received.value.party_ref, received.value.version


@contextmanager
def running(subscriber: Subscriber[Any], work: Callable[[], None]) -> Iterator[None]:
    """``work`` in a thread until the end of the block; its error is raised there."""
    errors: list[BaseException] = []

    def carry() -> None:
        try:
            with subscriber:
                work()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=carry)
    thread.start()
    try:
        yield
    finally:
        subscriber.stop()
        thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()
    if errors:
        raise errors[0]


def wait_for(condition: Callable[[], bool], describe: str) -> None:
    wait_until(condition, timeout_seconds=PATIENCE_SECONDS, describe=describe)


def test_lingering_with_a_full_client_queue_loses_and_repeats_nothing(bus: DownstreamBus) -> None:
    bus.write(bus.topics.changes, changes(10, range(1, 51)))
    seen: list[Name] = []
    calls: Counter[Name] = Counter()

    waiting = {(examples.party(0), 10), (examples.party(1), 30)}

    def fail_now_and_then(received: Received[Any]) -> None:
        if name_of(received) in waiting and calls[name_of(received)] == 0:
            calls[name_of(received)] += 1
            raise TimeoutError
        seen.append(name_of(received))

    subscriber = subscribe(
        bus.quick_kafka,
        LIGHT_CHANGES,
        group=f"{bus.topics.prefix}.g",
        batch_records=7,
        failure=FailurePolicy(retry=RetryPolicy(first_wait_seconds=1.0)),
    )
    with running(subscriber, lambda: subscriber.run(fail_now_and_then)):
        wait_for(lambda: len(seen) >= 500, "all are handled")
    assert Counter(seen) == Counter(names(10, range(1, 51)))
    for number in range(10):
        assert [version for party, version in seen if party == examples.party(number)] == list(range(1, 51))
    assert bus.committed(bus.topics.changes, f"{bus.topics.prefix}.g") == 500


def test_lingering_takes_nothing_in_and_goes_on_where_it_was(bus: DownstreamBus) -> None:
    bus.write(bus.topics.changes, changes(1, range(1, 101)))
    member = GroupMember(
        bus.quick_kafka,
        bus.topics.changes,
        group=f"{bus.topics.prefix}.g",
        start=Start.EARLIEST,
        stop=threading.Event(),
        batch_records=7,
    )
    offsets: list[int] = []
    while len(offsets) < 100:
        offsets += [record.offset for record in member.poll(0.5)]
        if len(offsets) in (7, 49):
            member.linger(0.6)
            assert member._subscription._collected == [], "memory would grow for as long as a service is paused"
    member.close()
    assert offsets == list(range(100))


def test_a_member_that_joins_and_leaves_takes_over_without_a_repetition(bus: DownstreamBus) -> None:
    seen: list[tuple[str, Name]] = []
    group = f"{bus.topics.prefix}.g"

    def member(label: str) -> tuple[Subscriber[Any], Callable[[], None]]:
        subscriber = subscribe(bus.quick_kafka, LIGHT_CHANGES, group=group, batch_records=5)
        return subscriber, lambda: subscriber.run(lambda received: seen.append((label, name_of(received))))

    first = member("first")
    with running(*first):
        bus.write(bus.topics.changes, changes(30, range(1, 6)))
        wait_for(lambda: len(first[0].lag()) == PARTITIONS, "the first owns everything")
        second = member("second")
        with running(*second):
            wait_for(lambda: len(second[0].lag()) == 1 and len(first[0].lag()) == 2, "the second has a share")
            bus.write(bus.topics.changes, changes(30, range(6, 11)))
            wait_for(lambda: len(seen) >= 300, "all so far are handled")
        bus.write(bus.topics.changes, changes(30, range(11, 16)))
        wait_for(lambda: len(seen) >= 450, "all are handled")
    assert Counter(name for _, name in seen) == Counter(names(30, range(1, 16)))
    assert {label for label, _ in seen} == {"first", "second"}


def test_a_record_whose_partition_went_away_while_it_waited_is_left_to_the_new_member(bus: DownstreamBus) -> None:
    group, seen = f"{bus.topics.prefix}.g", []
    bus.write(bus.topics.changes, changes(30, range(1, 2)))
    joined = threading.Event()

    def fail_until_joined(received: Received[Any]) -> None:
        if not joined.is_set():
            raise ConnectionError
        seen.append(name_of(received))

    patient = FailurePolicy(retry=RetryPolicy(attempts=None, first_wait_seconds=1.0, longest_wait_seconds=1.0))
    first = subscribe(bus.quick_kafka, CHANGES, group=group, failure=patient)
    with ExitStack() as until_the_end:
        until_the_end.enter_context(running(first, lambda: first.run(fail_until_joined)))
        wait_for(lambda: len(first.lag()) == PARTITIONS, "the first owns everything")
        others = [subscribe(bus.quick_kafka, CHANGES, group=group) for _ in range(PARTITIONS - 1)]
        for other in others:

            def handle(subscriber: Subscriber[Any] = other) -> None:
                subscriber.run(lambda received: seen.append(name_of(received)))

            until_the_end.enter_context(running(other, handle))
        wait_for(lambda: len(first.lag()) == 1 and all(other.caught_up for other in others), "each has a partition")
        joined.set()
        wait_for(lambda: len(seen) >= 30, "all are handled")
    assert Counter(seen) == Counter(names(30, range(1, 2)))
    assert bus.committed(bus.topics.changes, group) == 30


def test_a_group_that_was_away_for_longer_than_records_are_kept_is_told(bus: DownstreamBus) -> None:
    group = f"{bus.topics.prefix}.g"
    bus.write(bus.topics.changes, changes(30, range(1, 2)))
    taken = 0
    with subscribe(bus.quick_kafka, CHANGES, group=group) as subscriber:
        for _ in subscriber:
            taken += 1
            if taken == 30:
                subscriber.stop()
    bus.write(bus.topics.changes, changes(30, range(2, 4)))
    admin = admin_client(bus.kafka)
    ends = log_ends(admin, bus.topics.changes, range(PARTITIONS))
    everything = [TopicPartition(bus.topics.changes, partition, end) for partition, end in ends.items()]
    delete_before(admin, everything)
    with (
        subscribe(bus.quick_kafka, CHANGES, group=group) as subscriber,
        pytest.raises(PositionOutOfRangeError, match="records were lost"),
    ):
        next(iter(subscriber))


def test_after_a_rebuild_the_new_overviews_are_handed_over_from_their_beginning(bus: DownstreamBus) -> None:
    seen: list[tuple[str, int, int]] = []
    rebuilt = Topics(bus.topics.prefix, epoch=2)

    def overviews(epoch: int) -> list[tuple[str, bytes | None]]:
        made = [examples.overview(party_ref=examples.party(number), epoch=epoch) for number in range(9)]
        return [(overview.party_ref, encode(overview)) for overview in made]

    bus.write(bus.topics.overviews, overviews(1))
    subscriber = subscribe(bus.quick_kafka, OVERVIEWS, group=f"{bus.topics.prefix}.g")

    def note(received: Received[Any]) -> None:
        seen.append((received.key, received.value.epoch, received.value.version))

    with running(subscriber, lambda: subscriber.run(note)):
        wait_for(lambda: len(seen) == 9, "the first epoch is handled")
        admin = admin_client(bus.kafka)
        admin.create_topics([NewTopic(rebuilt.overviews, PARTITIONS, 1)])[rebuilt.overviews].result()
        bus.write(rebuilt.overviews, overviews(2))
        live = OverviewsEpoch(epoch=2, topic=rebuilt.overviews, state=EpochState.LIVE)
        bus.write(bus.topics.epochs, [(EPOCH_KEY.decode(), encode(live))])
        wait_for(lambda: len(seen) == 18, "the second epoch is handled")
    assert Counter(seen) == Counter((examples.party(number), epoch, 1) for epoch in (1, 2) for number in range(9))
