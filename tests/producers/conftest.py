"""Fixtures for the tests of the SDK."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from tests.producers.cases import AGENCY
from tests.producers.reading import TopicReader

from casebus_local import LocalStack
from casebus_schemas import Topics, partitions_of


@pytest.fixture
def broker(stack: LocalStack) -> str:
    return stack.environment["CASEBUS_KAFKA__BOOTSTRAP_SERVERS"]


@pytest.fixture
def submitted(broker: str, topic_prefix: str) -> str:
    """The agency's topic, made for this test. Returns its name."""
    admin = AdminClient({"bootstrap.servers": broker})
    name = Topics(topic_prefix).submitted(AGENCY)
    declaration = dict(Topics(topic_prefix).declared([AGENCY]))[name]
    topic = NewTopic(name, num_partitions=partitions_of(declaration), replication_factor=1, config=declaration.config)
    for made in admin.create_topics([topic]).values():
        made.result(timeout=30)
    return name


@pytest.fixture
def reader(broker: str, submitted: str) -> Iterator[TopicReader]:
    with TopicReader(broker, submitted) as reader:
        yield reader


@pytest.fixture
def dead_broker() -> Iterator[str]:
    """An address where nobody will answer as long as the test runs: bound, but not listening."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"
