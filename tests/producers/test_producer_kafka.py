"""Against a real broker, what the contract of all producers does not cover: bytes, partitions, threads."""

from __future__ import annotations

import threading

import pytest
from tests.producers.cases import AGENCY, event, settings
from tests.producers.reading import TopicReader

from casebus_producers import BrokerError, CaseStatusProducer
from casebus_schemas import encode_event, murmur2

pytestmark = pytest.mark.integration


@pytest.fixture
def producer(broker: str, submitted: str, topic_prefix: str) -> CaseStatusProducer:
    made = CaseStatusProducer(settings(broker, topic_prefix), agency=AGENCY)
    assert made.topic == submitted
    return made


def test_a_published_event_arrives_as_it_was_encoded(producer: CaseStatusProducer, reader: TopicReader) -> None:
    sent = event()
    with producer:
        position = producer.publish(sent).result(timeout_seconds=30)
    [record] = reader.all()
    assert record.value == encode_event(sent)
    assert record.key == sent.subject.encode()
    assert record.headers == {"content-type": b"application/cloudevents+json; charset=UTF-8"}
    assert (position.topic, position.partition, position.offset) == (producer.topic, record.partition, record.offset)


def test_a_case_lies_where_a_java_client_would_put_it(producer: CaseStatusProducer, reader: TopicReader) -> None:
    with producer:
        producer.publish_many(event(f"2026/BA-{number:04d}") for number in range(200))
    records = reader.all()
    assert {record.partition for record in records} == {0, 1}
    assert all(record.partition == (murmur2(record.key) & 0x7FFFFFFF) % 2 for record in records)


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
