"""The pace of a stage's source, on the real Kafka."""

from __future__ import annotations

import time

import pytest
from tests.bus import Bus
from tests.streams.indifferent import Indifferent

from casebus_local import LocalStack, wait_until
from casebus_streams.settings import StreamSection
from casebus_streams.source import Source
from casebus_streams.source_config import consumer_config

PACE_SECONDS = 0.5


@pytest.mark.integration
def test_a_batch_that_is_there_already_waits_for_its_time(stack: LocalStack, topic_prefix: str) -> None:
    bus = Bus(stack, topic_prefix, partitions=1)
    bus.make_topics([])
    with bus.producer() as producer:
        for value in (b"first", b"second"):
            producer.produce(bus.topics.accepted, value, b"key")
    source = Source(
        consumer_config(bus.kafka, StreamSection(), "pace"),
        bus.topics.accepted,
        Indifferent(),
        batch_max_records=1,
        idle_wait_seconds=0.05,
        pace_seconds=PACE_SECONDS,
    )
    taken: list[tuple[bytes | None, float]] = []
    while len(taken) < 2:
        batch = wait_until(source.poll_batch, timeout_seconds=30, describe="a batch")
        taken += [(record.value, time.monotonic()) for record in batch]
        source.committed()
    source.close()
    (first, first_at), (second, second_at) = taken
    assert (first, second) == (b"first", b"second")
    assert second_at - first_at > 0.9 * PACE_SECONDS, "a little is gone before the first time is noted"
