"""Making topics on the real Kafka."""

from __future__ import annotations

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]  # not in its stubs' __all__

from casebus_local import LocalStack
from casebus_producers.settings import KafkaSettings
from casebus_schemas import Topics, partitions_of
from casebus_streams.topic_admin import admin_client, apply_topics

pytestmark = pytest.mark.integration

AGENCIES = [f"OVO{number:06}" for number in range(10)]
PARTITIONS = 12


def test_whoever_comes_as_soon_as_topics_are_made_finds_them_led(stack: LocalStack, topic_prefix: str) -> None:
    admin = admin_client(KafkaSettings(bootstrap_servers=stack.bootstrap_servers))
    latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # the client's own lack
    refused = []
    for round_ in range(10):
        topics = Topics(f"{topic_prefix}-{round_}")
        apply_topics(admin, topics, AGENCIES, partitions=PARTITIONS)
        declared = {name: partitions_of(each, PARTITIONS) for name, each in topics.declared(AGENCIES)}
        places = [TopicPartition(name, number) for name, count in declared.items() for number in range(count)]
        answers = admin.list_offsets(dict.fromkeys(places, latest), request_timeout=10)
        refused += [place for place, answer in answers.items() if answer.exception() is not None]
    assert refused == []
