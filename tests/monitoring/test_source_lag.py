"""The lag of a stage's source, on the real Kafka: committed records count, markers and aborted ones do not."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from confluent_kafka import Producer
from tests.bus import Bus
from tests.streams.indifferent import Indifferent

from casebus_local import LocalStack, wait_until
from casebus_streams.end_watch import EndWatch
from casebus_streams.records import InRecord
from casebus_streams.settings import StreamSection
from casebus_streams.source import Source
from casebus_streams.source_config import consumer_config
from casebus_streams.topic_admin import admin_client

pytestmark = pytest.mark.integration

PARTITIONS = 2
BATCH_RECORDS = 10
PATIENCE_SECONDS = 30.0


@pytest.fixture
def bus(stack: LocalStack, topic_prefix: str) -> Bus:
    bus = Bus(stack, topic_prefix, partitions=PARTITIONS)
    bus.make_topics([])
    return bus


@pytest.fixture
def source(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    monkeypatch.setattr("casebus_streams.source_lag.LOOK_EVERY_SECONDS", 0.0)
    monkeypatch.setattr("casebus_streams.end_watch.ASK_EVERY_SECONDS", 0.1)
    source = Source(
        consumer_config(bus.kafka, StreamSection(), "lag"),
        bus.topics.accepted,
        Indifferent(),
        batch_max_records=BATCH_RECORDS,
        idle_wait_seconds=0.05,
        end_watch=EndWatch(admin_client(bus.kafka)),
    )
    yield source
    source.close()


def write(producer: Producer, bus: Bus, *, records: int, seconds_ago: float) -> None:
    timestamp = int((time.time() - seconds_ago) * 1000)
    for number in range(records):
        producer.produce(bus.topics.accepted, b"{}", str(number).encode(), number % PARTITIONS, timestamp=timestamp)


def commit_next_batch(source: Source) -> int:
    batch = wait_until(lambda: try_next_batch(source), timeout_seconds=PATIENCE_SECONDS, describe="a batch")
    source.committed()
    return len(batch)


def try_next_batch(source: Source) -> list[InRecord]:
    """As a stage does whose transaction is aborted: what it has polled it was about to commit, and lag counts it."""
    batch = source.poll_batch()
    source.next_offsets()
    return batch


def wait_for_lag(source: Source, records: int) -> None:
    def found() -> bool:
        try_next_batch(source)
        return source.lag.records == records

    wait_until(found, timeout_seconds=PATIENCE_SECONDS, describe=f"{records} records behind")


def test_a_batch_that_is_not_committed_stays_behind_and_grows_old(bus: Bus, source: Source) -> None:
    with bus.producer() as producer:
        write(producer, bus, records=30, seconds_ago=100)
    committed = commit_next_batch(source)
    wait_for_lag(source, 30 - committed)
    assert source.lag.partitions == PARTITIONS
    assert 100 <= source.lag.seconds < 130
    assert source.lag.stalled_seconds > 0, "what was polled is in hand"
    before = source.lag.seconds
    source.poll_batch()
    assert source.lag.seconds > before


def test_all_committed_is_nothing_behind_whatever_else_lies_in_the_log(bus: Bus, source: Source) -> None:
    producer = Producer(bus.kafka.client_config(transactional_id=f"{bus.topics.prefix}.writer"))
    producer.init_transactions(PATIENCE_SECONDS)
    for is_committed in (True, False):
        producer.begin_transaction()
        write(producer, bus, records=6, seconds_ago=100)
        producer.flush(PATIENCE_SECONDS)
        (producer.commit_transaction if is_committed else producer.abort_transaction)(PATIENCE_SECONDS)
    handled = 0
    while handled < 6:
        handled += commit_next_batch(source)
    assert handled == 6
    wait_until(
        lambda: not source.poll_batch() and source.lag.records == 0 and source.lag.seconds == 0,
        timeout_seconds=PATIENCE_SECONDS,
        describe="nothing is behind",
    )
    assert source.rebalances == {"assigned": 1, "revoked": 0, "lost": 0}


def test_a_consumer_that_fetches_no_more_is_seen_to_fall_behind(bus: Bus, source: Source) -> None:
    """As when the client loses a partition without a word: it hears of no records, and none of their being there."""
    with bus.producer() as producer:
        write(producer, bus, records=4, seconds_ago=0)
    handled = 0
    while handled < 4:
        handled += commit_next_batch(source)
    wait_for_lag(source, 0)
    source.consumer.pause(source.consumer.assignment())
    with bus.producer() as producer:
        write(producer, bus, records=4, seconds_ago=0)
    wait_for_lag(source, 4)
    assert source.poll_batch() == []
    assert source.lag.stalled_seconds > 0
    source.consumer.resume(source.consumer.assignment())
    assert commit_next_batch(source) > 0
