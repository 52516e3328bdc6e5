"""The producer against a real broker: order, partitions, outages, and what is told about failures."""

from __future__ import annotations

import threading
from collections import defaultdict

import pytest
from tests.producers.cases import AGENCY, cases, event, settings
from tests.producers.reading import TopicReader

from casebus_local import LocalStack
from casebus_producers import BrokerError, CaseStatusProducer
from casebus_schemas import decode_event, encode_event, murmur2

pytestmark = pytest.mark.integration


@pytest.fixture
def producer(broker: str, submitted: str, topic_prefix: str) -> CaseStatusProducer:
    made = CaseStatusProducer(settings(broker, topic_prefix), agency=AGENCY)
    assert made.topic == submitted
    return made


def sequences_by_case(reader: TopicReader) -> dict[str, list[int]]:
    """What lies in the topic, in its order."""
    sequences: dict[str, list[int]] = defaultdict(list)
    for record in reader.all():
        sequences[record.key.decode()].append(decode_event(record.value).sequence)
    return sequences


def test_a_published_event_arrives_as_it_was_encoded(producer: CaseStatusProducer, reader: TopicReader) -> None:
    sent = event()
    with producer:
        position = producer.publish(sent).result(timeout_seconds=30)
    [record] = reader.all()
    assert record.value == encode_event(sent)
    assert record.key == sent.subject.encode()
    assert record.headers == {"content-type": b"application/cloudevents+json; charset=UTF-8"}
    assert (position.topic, position.partition, position.offset) == (producer.topic, record.partition, record.offset)


def test_events_of_a_case_keep_their_order(producer: CaseStatusProducer, reader: TopicReader) -> None:
    with producer:
        summary = producer.publish_many(cases(50, 40))
    assert (summary.published, summary.refused) == (2000, 0)
    assert sequences_by_case(reader) == {f"case-{case}": list(range(1, 41)) for case in range(50)}


def test_a_case_lies_where_a_java_client_would_put_it(producer: CaseStatusProducer, reader: TopicReader) -> None:
    with producer:
        producer.publish_many(event(f"2026/BA-{number:04d}") for number in range(200))
    records = reader.all()
    assert {record.partition for record in records} == {0, 1}
    assert all(record.partition == (murmur2(record.key) & 0x7FFFFFFF) % 2 for record in records)


def test_a_broker_that_comes_back_gets_every_event_once_and_in_order(
    stack: LocalStack, producer: CaseStatusProducer, reader: TopicReader
) -> None:
    if not stack.brokers:
        pytest.skip("the broker is not this stack's own, so it cannot be stopped")
    events = cases(20, 100)
    with producer:
        for one in events[:500]:
            producer.publish(one)
        stack.brokers[0].stop()
        restart = threading.Thread(target=stack.brokers[0].start)
        try:
            handles = [producer.publish(one) for one in events[500:]]
            assert not handles[-1].done
        finally:
            restart.start()
            restart.join()
        producer.flush(timeout_seconds=60)
        assert all(handle.done for handle in handles)
    assert sequences_by_case(reader) == {f"case-{case}": list(range(1, 101)) for case in range(20)}


def test_a_small_queue_bounds_what_is_on_its_way_and_keeps_the_order(
    broker: str, topic_prefix: str, reader: TopicReader
) -> None:
    longest = 0
    with CaseStatusProducer(settings(broker, topic_prefix, queue_max_events=20), agency=AGENCY) as producer:
        for one in cases(5, 200):
            producer.publish(one)
            longest = max(longest, len(producer))
    assert longest == 20
    assert sequences_by_case(reader) == {f"case-{case}": list(range(1, 201)) for case in range(5)}


def test_a_missing_topic_is_named(broker: str, topic_prefix: str) -> None:
    with (
        CaseStatusProducer(settings(broker, topic_prefix), agency="OVO999999") as producer,
        pytest.raises(BrokerError, match=rf"{topic_prefix}\.submitted\.OVO999999"),
    ):
        producer.check_topic(10)


def test_threads_share_a_producer(producer: CaseStatusProducer, reader: TopicReader) -> None:
    def publish(case: int) -> None:
        handles = [producer.publish(event(f"case-{case}", sequence)) for sequence in range(1, 101)]
        positions.extend(handle.result(timeout_seconds=30) for handle in handles)

    positions: list[object] = []
    with producer:
        threads = [threading.Thread(target=publish, args=(case,)) for case in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(positions) == len(reader.all()) == 400
