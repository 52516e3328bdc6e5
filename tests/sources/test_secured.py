"""``casebus run sources`` against a Kafka that asks who is there: what the settings say reaches Faust, too."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from confluent_kafka import Producer
from tests.bus import TopicReader
from tests.sources.simulated_agency import AGENCY, report

from casebus_local import LocalStack
from casebus_local.secured_services import administrator_of, let_service_in
from casebus_schemas import Topics, encode
from casebus_streams.access.services import SOURCES_AGENT
from casebus_streams.topic_admin import admin_client, apply_topics

pytestmark = pytest.mark.integration


def test_a_user_with_the_rights_of_the_service_reads_and_writes_over_tls() -> None:
    with LocalStack(secure=True) as stack:
        assert stack.secured is not None
        administrator, topics = administrator_of(stack), Topics()
        apply_topics(admin_client(administrator), topics, [])
        user = let_service_in(administrator, stack.secured, SOURCES_AGENT)
        producer = Producer(administrator.client_config())
        producer.produce(topics.activity, encode(report(datetime.now(UTC))), AGENCY)
        assert producer.flush(20) == 0
        with stack.run("run", "sources", **user) as worker:
            sources = TopicReader(administrator, [topics.sources])
            [message] = sources.read_until(lambda read: len(read) == 1, timeout_seconds=40, alive=worker.check)
            sources.close()
        assert message.key() == AGENCY.encode()
