"""The sink on the real Kafka and PostgreSQL: what each record does to the rows."""

from __future__ import annotations

import psycopg
import pytest
from confluent_kafka import TopicPartition
from structlog.testing import capture_logs
from tests.consumers.bus import (
    PATIENCE_SECONDS,
    Bus,
    RunningSink,
    refusing_connections,
    stored_offsets,
    stored_rows,
    wait_for_rows,
)
from tests.consumers.overviews import PARTITIONS, overview, ref, reference_rows
from tests.trimmed_log import delete_before, let_delete

from casebus_local import LocalStack, wait_until
from casebus_schemas import Topics, partition_of

pytestmark = pytest.mark.integration


def refs_in(partition: int, count: int) -> list[str]:
    found = [ref(number) for number in range(1000) if partition_of(ref(number), PARTITIONS) == partition]
    return found[:count]


def test_published_overviews_are_stored_byte_for_byte(bus: Bus, dsn: str) -> None:
    bus.publish(*((ref(number), overview(ref(number))) for number in range(200)))
    with RunningSink(bus, dsn) as sink:
        sink.wait_until_caught_up()
        assert stored_rows(dsn) == reference_rows(bus.published)
        bus.publish((ref(1), overview(ref(1), version=2)))
        wait_for_rows(dsn, reference_rows(bus.published))
        assert sink.metric("casebus_sink_rows_total", effect="inserted") == 200
        assert sink.metric("casebus_sink_rows_total", effect="updated") == 1
        wait_until(
            lambda: all(
                sink.metric("casebus_sink_lag_records", partition=str(each)) == 0 for each in range(PARTITIONS)
            ),
            timeout_seconds=PATIENCE_SECONDS,
            describe="no lag, although a transaction's marker is the last offset",
        )


def test_an_older_version_leaves_the_row_unchanged(bus: Bus, dsn: str) -> None:
    bus.publish((ref(1), overview(ref(1), version=5)))
    with RunningSink(bus, dsn) as sink:
        sink.wait_until_caught_up()
        bus.publish((ref(1), overview(ref(1), version=4)))
        wait_until(
            lambda: sink.metric("casebus_sink_rows_total", effect="stale") == 1,
            timeout_seconds=PATIENCE_SECONDS,
            describe="the older record was seen",
        )
    assert stored_rows(dsn) == {ref(1): overview(ref(1), version=5)}


def test_reading_the_whole_topic_again_changes_nothing(bus: Bus, dsn: str) -> None:
    bus.publish(*((ref(number % 20), overview(ref(number % 20), version=number + 1)) for number in range(100)))
    with RunningSink(bus, dsn) as sink:
        sink.wait_until_caught_up()
    before = stored_rows(dsn)
    with psycopg.connect(dsn) as connection:
        connection.execute("DELETE FROM sink_offsets")
    with RunningSink(bus, dsn) as sink:
        sink.wait_until_caught_up()
        assert sink.metric("casebus_sink_rows_total", effect="updated") == 0
    assert stored_rows(dsn) == before == reference_rows(bus.published)


@pytest.mark.parametrize("one_batch", [True, False])
def test_a_tombstone_resets_the_guard(bus: Bus, dsn: str, *, one_batch: bool) -> None:
    party = ref(1)
    records: list[tuple[str, bytes | None]] = [
        (party, overview(party, version=9)),
        (party, None),
        (party, overview(party)),
    ]
    if one_batch:
        bus.publish(*records)
    with RunningSink(bus, dsn) as sink:
        sink.wait_until_caught_up()
        if not one_batch:
            for number, record in enumerate(records, start=1):
                bus.publish(record)
                wait_for_rows(dsn, reference_rows(records[:number]))
    assert stored_rows(dsn) == {party: overview(party, version=1)}


def test_a_tombstone_deletes_the_row(bus: Bus, dsn: str) -> None:
    bus.publish((ref(1), overview(ref(1))), (ref(2), overview(ref(2))))
    with RunningSink(bus, dsn) as sink:
        sink.wait_until_caught_up()
        bus.publish((ref(1), None), (ref(3), None))
        wait_for_rows(dsn, {ref(2): overview(ref(2))})


def test_a_higher_epoch_wins_over_a_higher_version(bus: Bus, dsn: str) -> None:
    bus.publish((ref(1), overview(ref(1), version=50)))
    with RunningSink(bus, dsn) as sink:
        sink.wait_until_caught_up()
        bus.publish((ref(1), overview(ref(1), epoch=2, version=3)))
        wait_for_rows(dsn, {ref(1): overview(ref(1), epoch=2, version=3)})


def test_an_unreadable_record_goes_to_the_dead_letters_and_the_partition_goes_on(bus: Bus, dsn: str) -> None:
    first, second = refs_in(0, 2)
    bus.publish((first, overview(first)))
    bus.publish_raw(first.encode(), b'{"party_ref":', partition=0)
    bus.publish_raw(b"somebody", overview(first, version=3), partition=0)
    bus.publish_raw(second.encode(), overview(first, version=4), partition=0)
    bus.publish((second, overview(second)))
    with RunningSink(bus, dsn) as sink:
        sink.wait_until_caught_up()
        assert sink.metric("casebus_sink_dead_letters_total") == 3
    assert stored_rows(dsn) == {first: overview(first), second: overview(second)}
    letters = bus.dead_letters(3)
    assert [letter.original for letter in letters] == [
        b'{"party_ref":',
        overview(first, version=3),
        overview(first, version=4),
    ]
    assert [letter.key for letter in letters] == [first.encode(), b"somebody", second.encode()]
    assert [(letter.position.topic, letter.position.partition) for letter in letters] == [(bus.topics.overviews, 0)] * 3


def test_a_partition_stops_when_its_dead_letter_cannot_be_written(
    stack: LocalStack, topic_prefix: str, dsn: str
) -> None:
    bus = Bus(stack.bootstrap_servers, topic_prefix)
    bus.create_topics(without=Topics(topic_prefix).dead_letters)
    (bad, late), (other,) = refs_in(0, 2), refs_in(1, 1)
    bus.publish_raw(bad.encode(), b"not JSON", partition=0)
    bus.publish((late, overview(late)), (other, overview(other)))
    with RunningSink(bus, dsn) as sink:
        wait_until(
            lambda: sink.metric("casebus_sink_partitions_stopped") == 1,
            timeout_seconds=PATIENCE_SECONDS,
            describe="the partition has stopped",
        )
        wait_for_rows(dsn, {other: overview(other)})
        assert not sink._sink.caught_up
    assert stored_offsets(dsn)[0] == 0, "nothing of the stopped partition may be passed over"


@pytest.mark.parametrize("stored", [10_000, 1])
def test_a_stored_offset_outside_the_topic_stops_the_partition(bus: Bus, dsn: str, stored: int) -> None:
    lost, other = refs_in(0, 1)[0], refs_in(1, 1)[0]
    bus.publish(*((lost, overview(lost, version=version)) for version in range(1, 10)), (other, overview(other)))
    if stored == 1:
        let_delete(bus.admin, [bus.topics.overviews])
        delete_before(bus.admin, [TopicPartition(bus.topics.overviews, 0, 5)])
    with psycopg.connect(dsn) as connection:
        connection.execute("INSERT INTO sink_offsets VALUES (%s, 0, %s)", [bus.topics.overviews, stored])
    with capture_logs() as lines, RunningSink(bus, dsn) as sink:
        wait_for_rows(dsn, {other: overview(other)})
        assert sink.metric("casebus_sink_partitions_stopped") == 1
        assert not sink._sink.caught_up
    assert stored_offsets(dsn)[0] == stored
    (told,) = [line["error"] for line in lines if line["event"] == "partition_stopped"]
    assert told.startswith(f"next_offset {stored} stored for {bus.topics.overviews}[0] is outside ")


def test_the_stored_offset_is_followed_wherever_somebody_moved_it(bus: Bus, dsn: str) -> None:
    bus.publish(*((ref(number), overview(ref(number))) for number in range(20)))
    with RunningSink(bus, dsn) as sink:
        sink.wait_until_caught_up()
        ends = stored_offsets(dsn)
        with psycopg.connect(dsn) as connection:
            connection.execute("UPDATE sink_offsets SET next_offset = 0")
            connection.execute("DELETE FROM overviews")
        bus.publish(*((refs_in(partition, 1)[0], None) for partition in range(PARTITIONS)))
        wait_for_rows(dsn, reference_rows(bus.published))
        assert all(stored_offsets(dsn)[partition] > end for partition, end in ends.items())
        assert sink.metric("casebus_sink_batches_total", outcome="conflict") > 0


def test_a_lost_database_delays_and_loses_nothing(stack: LocalStack, bus: Bus, dsn: str) -> None:
    bus.publish((ref(1), overview(ref(1))))
    with RunningSink(bus, dsn) as sink:
        sink.wait_until_caught_up()
        with refusing_connections(stack.dsn, dsn):
            bus.publish((ref(1), overview(ref(1), version=2)), (ref(2), overview(ref(2))))
            wait_until(
                lambda: sink.metric("casebus_sink_database_retries_total") >= 2,
                timeout_seconds=PATIENCE_SECONDS,
                describe="the sink tries again",
            )
            sink.check()
        wait_for_rows(dsn, reference_rows(bus.published))
