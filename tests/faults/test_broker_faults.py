"""The broker stops, dies, hangs, restarts: work goes on within a minute, and nothing is lost or doubled."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.faults.campaign import Campaign
from tests.faults.faulty_kafka import FaultyKafka, ThreeBrokers
from tests.faults.sizes import only_large, sized

pytestmark = [pytest.mark.integration, pytest.mark.timeout(sized(300, 3600))]


PRODUCTION_TIMEOUTS = {
    "CASEBUS_STREAMS__SESSION_TIMEOUT_SECONDS": "10",
    "CASEBUS_STREAMS__TRANSACTION_TIMEOUT_SECONDS": "10",
}


def test_a_broker_restarted_while_nothing_happens(kafka: FaultyKafka, campaign: Campaign) -> None:
    """The client gives a broker up that it cannot reach, and must not go on asking it for ever.

    What is published meanwhile waits with its producer.
    """
    campaign.start_worker("w1")
    campaign.publish(events=200)
    campaign.check()
    kafka.broker.stop()
    campaign.start_workload(events=200)
    kafka.broker.start()
    campaign.publish(events=200)
    campaign.check()


@pytest.mark.parametrize("how", ["stop", pytest.param("kill", marks=only_large)])
def test_brokers_ended_and_started_one_after_the_other(tmp_path: Path, seed: int, how: str) -> None:
    """In mid-stream only with three of them: the only broker of a cluster forgets transaction markers as it ends.

    And none comes back before others lead what it led: one that does, after a kill, may tear a transaction apart.
    See "What Kafka does not keep" in docs/delivery-guarantees.md.
    """
    with ThreeBrokers(tmp_path) as kafka, Campaign(kafka, tmp_path, seed=seed) as campaign:
        campaign.are_workers_supervised = True
        campaign.start_worker("w1", **PRODUCTION_TIMEOUTS)
        campaign.start_worker("w2", **PRODUCTION_TIMEOUTS)
        campaign.start_workload(events=sized(5_000, 40_000), rate=sized(150, 300))
        for broker in kafka.brokers * sized(1, 2):
            campaign.wait_for_changes(100)
            getattr(broker, how)()
            campaign.wait_until_followed(broker.node.node_id)
            broker.start()
        campaign.hurry()
        campaign.check()
        campaign.reconcile()
