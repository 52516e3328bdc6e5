"""A worker that is fenced while it produces ends; it does not fence the other one in turn. On the real Kafka."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from confluent_kafka import Consumer
from tests.bus import Bus

from casebus_local import LocalStack
from casebus_streams.errors import StopError
from casebus_streams.records import OutRecord
from casebus_streams.settings import StreamSection
from casebus_streams.sink import TransactionalSink, producer_config
from casebus_streams.source_config import consumer_config

LIMIT_SECONDS = 30


@pytest.mark.integration
def test_a_producer_that_is_fenced_between_two_records_is_not_replaced(stack: LocalStack, topic_prefix: str) -> None:
    bus = Bus(stack, topic_prefix, partitions=2)
    bus.make_topics([])
    section = StreamSection(worker_id="same")
    config = producer_config(bus.kafka, section, "overviews")
    older = TransactionalSink(config)

    def records() -> Iterator[OutRecord]:
        yield record(0)
        TransactionalSink(config)  # the newer one
        deadline = time.monotonic() + LIMIT_SECONDS
        while time.monotonic() < deadline:  # until the client has heard of it, and refuses the next record
            yield record(1)
            time.sleep(0.01)  # few records: in a backlog the sink polls, and a poll is what names the reason

    def record(partition: int) -> OutRecord:
        return OutRecord(bus.topics.accepted, partition, b"key", b"value", 1_000)

    with (
        closing(Consumer(consumer_config(bus.kafka, section, "overviews"))) as consumer,
        pytest.raises(StopError, match="fenced"),
    ):
        older.write(records(), [], consumer)
