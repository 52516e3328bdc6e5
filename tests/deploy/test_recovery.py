"""The accepted log is the one thing that must not be lost: everything after it comes back from it."""

from __future__ import annotations

import json
import random

import pytest
from confluent_kafka import Message
from tests.bus import Bus, by_key
from tests.reference_fold import Fold
from tests.streams_operations.commands import casebus
from tests.streams_operations.load import Reached, publish, reference_of, without_epoch

from casebus_local import LocalStack, wait_until
from casebus_local.simulator import Simulation, Submission
from casebus_schemas import Topics
from casebus_streams.topic_admin import admin_client

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

EVENTS = 2_000


@pytest.fixture
def bus(stack: LocalStack, topic_prefix: str) -> Bus:
    return Bus(stack, topic_prefix)


@pytest.fixture
def simulation() -> Simulation:
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - pytest shows it when the test fails
    return Simulation(events=EVENTS, seed=seed)


@pytest.fixture
def submissions(bus: Bus, simulation: Simulation) -> list[Submission]:
    """Published, and folded by a worker that has ended."""
    published = list(simulation.submissions())
    bus.make_topics(simulation.agencies)
    with bus.run_streams() as worker:
        publish(bus, published)
        wait_for(bus, reference_of(published, bus.pepper), bus.topics.overviews, alive_with=worker)
        worker.stop(timeout_seconds=30)
    return published


def wait_for(bus: Bus, reference: Fold, topic: str, *, alive_with: object = None) -> list[Message]:
    """Until ``topic`` has come to every version of the reference."""
    versions = {party: overview["version"] for party, overview in reference.overviews.items()}
    check = getattr(alive_with, "check", lambda: None)
    return bus.reader(topic).read_until(Reached(versions), alive=check)


def delete_topic(bus: Bus, name: str) -> None:
    admin = admin_client(bus.kafka)  # kept by name: its answers end with it
    admin.delete_topics([name], operation_timeout=30)[name].result()
    wait_until(lambda: name not in admin.list_topics(timeout=10).topics, timeout_seconds=30, describe=f"{name} is gone")


def overviews_in(messages: list[Message]) -> dict[str, object]:
    return {party: without_epoch(value) for party, value in by_key(messages).items()}


def test_lost_overviews_come_back_by_a_rebuild_and_nobody_is_told_anything_twice(
    bus: Bus, simulation: Simulation, submissions: list[Submission]
) -> None:
    reference = reference_of(submissions, bus.pepper)
    delete_topic(bus, bus.topics.overviews)

    bus.make_topics(simulation.agencies)
    done = casebus(bus, "rebuild", "--accept-differences", "--json")
    assert done.code == 0, done.err

    rebuilt = Topics(bus.topics.prefix, 2).overviews
    assert overviews_in(wait_for(bus, reference, rebuilt)) == reference.overviews
    changes = bus.reader(bus.topics.changes).read_to_end()
    assert len({json.loads(message.value() or b"")["change_id"] for message in changes}) == len(changes)


def test_a_new_cluster_with_the_accepted_log_alone_comes_to_the_same_overviews(
    bus: Bus, submissions: list[Submission]
) -> None:
    reference = reference_of(submissions, bus.pepper)
    accepted = bus.reader(bus.topics.accepted).read_to_end()

    elsewhere = Bus(bus.stack, f"{bus.topics.prefix}-new")
    elsewhere.make_topics([])
    with elsewhere.producer() as producer:
        for record in accepted:  # as a mirror does: same keys, same partitions
            producer.produce(elsewhere.topics.accepted, record.value(), record.key(), partition=record.partition() or 0)
            producer.poll(0)
    with elsewhere.run("streams", CASEBUS_STREAMS__WORKER_ID="w1") as worker:
        found = wait_for(elsewhere, reference, elsewhere.topics.overviews, alive_with=worker)
        assert overviews_in(found) == reference.overviews
