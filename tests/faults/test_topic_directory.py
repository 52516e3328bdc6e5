"""Which topics there are, asked by both stages of a worker at once while the answer is slow to come."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.faults.campaign import Campaign
from tests.faults.faulty_kafka import FaultyKafka

from casebus_producers.settings import KafkaSettings
from casebus_streams.topic_directory import TopicDirectory

pytestmark = pytest.mark.integration


def test_nobody_is_told_that_a_topic_is_missing_while_another_still_asks(
    kafka: FaultyKafka, campaign: Campaign
) -> None:
    """A warning for an agency would become a dead letter: met once, on a slow machine, as brokers were restarted."""
    topic = campaign.topics.activity
    kafka.proxy.latency_seconds = 0.2
    try:
        for _ in range(3):
            directory = TopicDirectory(KafkaSettings(bootstrap_servers=kafka.proxied_servers))
            with ThreadPoolExecutor(4) as threads:
                answers = list(threads.map(directory.has, [topic] * 4))
            assert answers == [True] * 4
    finally:
        kafka.proxy.mend()
    assert not directory.has(campaign.topics.rejected("OVO999999"))
