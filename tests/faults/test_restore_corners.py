"""What the end of the overviews topic can look like when a worker restores its cache from it."""

from __future__ import annotations

import pytest
from confluent_kafka import Producer
from tests.faults.campaign import PARTITIONS, Campaign
from tests.faults.sizes import sized

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]


def begin_foreign_transaction(campaign: Campaign, *, timeout_seconds: float) -> Producer:
    """A record of somebody else's transaction in each partition of the overviews, undecided."""
    producer = Producer(
        {
            "bootstrap.servers": campaign.kafka.bootstrap_servers,
            "transactional.id": f"{campaign.topics.prefix}.foreign",
            "transaction.timeout.ms": int(timeout_seconds * 1000),
        }
    )
    producer.init_transactions()
    producer.begin_transaction()
    for number in range(PARTITIONS):
        producer.produce(campaign.topics.overviews, b"never to be seen", b"foreign", number)
    assert producer.flush(30) == 0
    return producer


def test_empty_partitions_and_those_that_end_in_transaction_markers_are_restored(campaign: Campaign) -> None:
    begin_foreign_transaction(campaign, timeout_seconds=60).abort_transaction()
    campaign.delete_all([campaign.topics.overviews])  # partitions that start and end far from 0
    worker = campaign.start_worker("w1")
    campaign.publish(events=sized(40, 400))
    campaign.check()
    campaign.kill(worker)

    begin_foreign_transaction(campaign, timeout_seconds=60).abort_transaction()
    campaign.start_worker("w1")
    campaign.publish(events=sized(300, 3_000))
    campaign.check()


def test_restore_waits_for_an_open_transaction_before_what_others_have_committed(campaign: Campaign) -> None:
    worker = campaign.start_worker("w1")
    campaign.publish(events=50)
    campaign.check()
    begin_foreign_transaction(campaign, timeout_seconds=8)
    campaign.publish(events=sized(300, 3_000))
    campaign.wait_for_changes(100)  # those overviews are committed behind the open transaction
    campaign.kill(worker)
    campaign.start_worker("w1")
    campaign.check()
