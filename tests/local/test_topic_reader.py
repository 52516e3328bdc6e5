"""The tests' own reader: its end is the end of everything that was written, not of what happened to arrive."""

from __future__ import annotations

import pytest
from confluent_kafka import Producer
from tests.bus import Bus

from casebus_local import LocalStack

pytestmark = pytest.mark.integration


def test_the_end_is_reached_when_every_transaction_is_decided(stack: LocalStack, topic_prefix: str) -> None:
    bus = Bus(stack, topic_prefix)
    bus.make_topics([])
    topic = bus.topics.changes
    reader = bus.reader(topic)
    assert reader.read_to_end() == [], "an empty topic has an end"

    producer = Producer(bus.kafka.client_config(transactional_id=topic_prefix))
    producer.init_transactions(20)
    for number, is_kept in enumerate((True, False, True)):
        producer.begin_transaction()
        for partition in range(4):
            producer.produce(topic, str(number).encode(), partition=partition)
        producer.flush(20)
        with pytest.raises(TimeoutError):
            reader.read_to_end(timeout_seconds=0.3)
        producer.commit_transaction(20) if is_kept else producer.abort_transaction(20)
        found = [message.value() or b"" for message in reader.read_to_end()]
        assert sorted(found) == [b"0"] * 4 + [b"2"] * 4 * (number == 2)
    reader.close()
