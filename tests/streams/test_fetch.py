"""What a fetch brings a stage that is behind, on the real Kafka."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, groupby

import pytest
from tests.bus import Bus
from tests.streams.indifferent import Indifferent

from casebus_local import LocalStack, wait_until
from casebus_streams.settings import StreamSection
from casebus_streams.source import Source
from casebus_streams.source_config import BY_PARTITION_BYTES, consumer_config

VALUE_BYTES = 100_000  # that cannot be compressed
RECORDS_A_FETCH = BY_PARTITION_BYTES // VALUE_BYTES


@contextmanager
def source(bus: Bus, *, batch_max_records: int) -> Iterator[Source]:
    made = Source(
        consumer_config(bus.kafka, StreamSection(), "fetch", by_partition=True),
        bus.topics.accepted,
        Indifferent(),
        batch_max_records=batch_max_records,
        idle_wait_seconds=0.05,
        by_partition=True,
    )
    try:
        yield made
    finally:
        made.close()


def batches(bus: Bus, records: int, *, batch_max_records: int) -> list[list[int]]:
    """The partitions of the records of each batch."""
    taken: list[list[int]] = []
    with source(bus, batch_max_records=batch_max_records) as reading:
        while sum(map(len, taken)) < records:
            batch = wait_until(reading.poll_batch, timeout_seconds=30, describe="the next batch")
            taken.append([record.partition for record in batch])
            reading.committed()
    return taken


def runs(partitions: Iterable[int]) -> list[tuple[int, int]]:
    """A partition's number and how many of its records came in a row, time after time."""
    return [(partition, len(list(run))) for partition, run in groupby(partitions)]


def fill(bus: Bus, records: dict[int, int], *, value_bytes: int = VALUE_BYTES) -> None:
    with bus.producer() as producer:
        for partition, number in records.items():
            for _ in range(number):
                producer.produce(bus.topics.accepted, os.urandom(value_bytes), b"key", partition)
            producer.flush(30)


@pytest.mark.integration
def test_a_backlog_comes_partition_by_partition(stack: LocalStack, topic_prefix: str) -> None:
    """The first fetch may come before every partition is there; from then on one fills each answer."""
    bus = Bus(stack, topic_prefix, partitions=3)
    bus.make_topics([])
    total = 6 * RECORDS_A_FETCH
    fill(bus, dict.fromkeys(range(3), total // 3))
    came = runs(chain(*batches(bus, total, batch_max_records=10)))
    whole = [number for _, number in came if number > 0.9 * RECORDS_A_FETCH]
    assert sum(whole) > 0.6 * total, came


@pytest.mark.integration
def test_a_flood_in_one_partition_holds_up_the_others_for_some_fetches_only(
    stack: LocalStack, topic_prefix: str
) -> None:
    bus = Bus(stack, topic_prefix, partitions=3)
    bus.make_topics([])
    flood = 6 * RECORDS_A_FETCH
    fill(bus, {0: flood, 1: 3, 2: 3})
    came = runs(chain(*batches(bus, flood + 6, batch_max_records=10)))
    assert came[-1][0] == 0
    assert came[-1][1] > 2 * RECORDS_A_FETCH, came


@pytest.mark.integration
def test_a_batch_that_is_half_full_ends_where_another_partition_begins(stack: LocalStack, topic_prefix: str) -> None:
    bus = Bus(stack, topic_prefix, partitions=3)
    bus.make_topics([])
    fill(bus, dict.fromkeys(range(3), 4_400), value_bytes=10)
    taken = batches(bus, 13_200, batch_max_records=6_000)
    strangers = [len(batch) - Counter(batch).most_common(1)[0][1] for batch in taken]
    assert max(strangers) <= 1_000, "no more than what was asked for at once"
