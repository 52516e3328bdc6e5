"""The broker stops, dies, hangs, restarts: work goes on within a minute, and nothing is lost or doubled."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.faults.campaign import Campaign
from tests.faults.faulty_kafka import FaultyKafka, ThreeBrokers
from tests.faults.sizes import only_large, sized

pytestmark = [pytest.mark.integration, pytest.mark.timeout(sized(150, 3600))]


PRODUCTION_TIMEOUTS = {
    "CASEBUS_STREAMS__SESSION_TIMEOUT_SECONDS": "10",
    "CASEBUS_STREAMS__TRANSACTION_TIMEOUT_SECONDS": "10",
}


def test_a_broker_stopped_and_started_again(kafka: FaultyKafka, campaign: Campaign) -> None:
    campaign.are_workers_supervised = True
    campaign.start_worker(worker_id=None)
    campaign.start_workload(events=sized(1_500, 40_000), rate=400)
    for _ in range(sized(1, 5)):
        campaign.wait_for_changes(100)
        kafka.broker.stop()
        kafka.broker.start()
    campaign.check()


def test_a_broker_restarted_while_nothing_happens(kafka: FaultyKafka, campaign: Campaign) -> None:
    """The client gives a broker up that it cannot reach, and must not go on asking it for ever."""
    campaign.start_worker("w1")
    campaign.publish(events=200)
    campaign.check()
    kafka.broker.stop()
    kafka.broker.start()
    campaign.publish(events=200)
    campaign.check()


@only_large
@pytest.mark.parametrize("how", ["stop", "kill"])
def test_three_brokers_ended_and_started_one_after_the_other(tmp_path: Path, seed: int, how: str) -> None:
    """Killed only here: a broker without replicas forgets transaction markers when it is killed.

    See "What Kafka does not keep" in docs/delivery-guarantees.md.
    """
    with ThreeBrokers(tmp_path) as kafka, Campaign(kafka, tmp_path, seed=seed) as campaign:
        campaign.are_workers_supervised = True
        campaign.start_worker("w1", **PRODUCTION_TIMEOUTS)
        campaign.start_worker("w2", **PRODUCTION_TIMEOUTS)
        campaign.start_workload(events=40_000, rate=400)
        for broker in kafka.brokers * 2:
            campaign.wait_for_changes(100)
            getattr(broker, how)()
            broker.start()
        campaign.check()
