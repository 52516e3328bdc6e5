"""Records that nobody can read, and records that retention took away before anybody read them."""

from __future__ import annotations

import pytest
from confluent_kafka import Producer
from tests.faults.campaign import PARTITIONS, Campaign
from tests.faults.checker import POISON
from tests.faults.sizes import sized

pytestmark = [pytest.mark.integration, pytest.mark.timeout(sized(120, 1800))]


def poison_accepted(campaign: Campaign, *, per_partition: int) -> None:
    producer = Producer({"bootstrap.servers": campaign.kafka.bootstrap_servers, "acks": "all"})
    for number in range(PARTITIONS * per_partition):
        producer.produce(campaign.topics.accepted, POISON, b"poison", number % PARTITIONS)
    assert producer.flush(30) == 0


def test_poison_goes_to_dead_letters_and_what_comes_with_it_goes_on(campaign: Campaign) -> None:
    campaign.start_worker("w1")
    campaign.start_workload(events=sized(800, 50_000), rate=800, invalid_share=0.05)
    per_partition = sized(3, 100)
    poison_accepted(campaign, per_partition=per_partition)
    campaign.check(dead_letters=PARTITIONS * per_partition)


def test_submitted_events_that_retention_removed_are_told_of_loudly_and_the_rest_is_saved(campaign: Campaign) -> None:
    worker = campaign.start_worker("w1")
    campaign.publish(events=300)
    campaign.check()
    campaign.kill(worker)

    campaign.publish(events=300)
    campaign.delete_all(sorted({sent.topic for sent in campaign.sent()}))
    campaign.forget_last_ledger()

    worker = campaign.start_worker("w1")
    campaign.publish(events=300)
    campaign.check()
    assert "submitted_events_lost_to_retention" in worker.log_path.read_text()


def test_an_accepted_log_that_was_cut_stops_the_worker(campaign: Campaign) -> None:
    worker = campaign.start_worker("w1")
    campaign.publish(events=200)
    campaign.check()
    campaign.kill(worker)

    poison_accepted(campaign, per_partition=1)
    campaign.delete_all([campaign.topics.accepted])

    worker = campaign.start_worker("w1")
    campaign.let_go(worker)
    assert worker.wait(60) == 3, worker.log_tail()
    assert "is not in the log" in worker.log_path.read_text()
