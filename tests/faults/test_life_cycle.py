"""SIGKILL while parties are erased and merged and closed cases retired, among corrections, retractions and removals."""

from __future__ import annotations

import json

import pytest
from confluent_kafka import Producer
from tests.faults.accepted_log import AcceptedLog
from tests.faults.campaign import PARTITIONS, Campaign
from tests.faults.idle import is_idle
from tests.faults.sizes import sized

from casebus_local.waiting import wait_until
from casebus_schemas import partition_of

pytestmark = [pytest.mark.integration, pytest.mark.timeout(sized(120, 7200))]

RETENTION = {"CASEBUS_STREAMS__RETENTION__DEFAULT__OVERVIEW_AFTER_CLOSED": "P7D"}
AT = "2026-11-28T00:00:00Z"


class Controls:
    """Writes control records about parties that have overviews; merges only into greater ones, so without circles."""

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign
        self._producer = Producer(campaign.kafka.client_config(acks="all", enable_idempotence=True))
        self.written = 0

    def write(self, number: int) -> None:
        for _ in range(number):
            party, other = sorted(self._campaign.rng.sample(sorted(self._campaign.reader.overviews), 2))
            self.written += 1
            if self._campaign.rng.random() < 0.4:
                erased = {"control": "erased", "party_ref": party, "erasure_id": f"e{self.written}", "at": AT}
                self._write(party, f"{party}/!erased/e{self.written}", erased)
            else:
                merged = {"control": "merged", "party_ref": party, "into": other, "merge_id": "m", "at": AT}
                self._write(party, f"{party}/!merged", merged)
        assert self._producer.flush(60) == 0

    def _write(self, party: str, key: str, record: dict[str, str]) -> None:
        topic, partition = self._campaign.topics.accepted, partition_of(party, PARTITIONS)
        self._producer.produce(topic, json.dumps(record), key, partition)


def test_erasures_merges_and_retention_under_kills_are_as_the_log_says(campaign: Campaign) -> None:
    events, kills = sized(2_500, 200_000), sized(3, 40)
    workers = [campaign.start_worker("w1", **RETENTION), campaign.start_worker("w2", **RETENTION)]
    controls = Controls(campaign)
    campaign.start_workload(events=events, rate=sized(300, 3_000), citizens=events // 25)
    for _ in range(kills):
        campaign.wait_for_changes(campaign.rng.randrange(50, events // (2 * kills)))
        controls.write(10)
        slot = campaign.rng.randrange(2)
        campaign.kill(workers[slot])
        workers[slot] = campaign.start_worker(f"w{slot + 1}", **RETENTION)
    controls.write(10)
    campaign.wait_until_all_sent()
    wait_until(lambda: is_idle(campaign), timeout_seconds=60, describe="the stages have read all there is")
    log = AcceptedLog(campaign.kafka.bootstrap_servers, campaign.topics.accepted, PARTITIONS)
    try:
        wait_until(
            lambda: settled(log, campaign) and written_by_hand(log) == controls.written,
            timeout_seconds=60,
            describe="an end that agrees with the log",
        )
    except TimeoutError:
        pytest.fail("; ".join([f"{written_by_hand(log)} control records", *log.disagreements(campaign.reader)[:5]]))
    finally:
        log.close()
    assert log.controls["clock"] >= PARTITIONS
    assert campaign.reader.dead_letters == []
    assert any(b'"retired":true' in view for view in campaign.reader.overviews.values())
    assert any(b'"merged_into"' in view for view in campaign.reader.overviews.values())


def written_by_hand(log: AcceptedLog) -> int:
    """How many of the control records that the test wrote have come to be in the log."""
    return log.controls["erased"] + log.controls["merged"]


def settled(log: AcceptedLog, campaign: Campaign) -> bool:
    """Whether the bus agrees with the log, and still does after a while in which more could have come."""
    for _ in range(3):
        log.read_on()
        campaign.reader.read_more(0.3)
        if not log.agrees_with(campaign.reader):
            return False
    return True
