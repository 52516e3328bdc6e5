"""A rolling restart under load, as an orchestrator does it: one worker after the other, on SIGTERM."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.faults.campaign import PARTITIONS, Campaign
from tests.faults.checker import BusReader

from casebus_local import LocalStack
from casebus_local.child_process import ChildProcess
from casebus_local.keys import LocalKeys
from casebus_local.simulator import Simulation
from casebus_local.waiting import wait_until
from casebus_schemas import Topics, partitions_of

pytestmark = pytest.mark.integration

CHECKED = {"accepted", "rejected", "overviews", "changes", "dead-letters"}
WORKERS = ("streams-0", "streams-1")
STOP_SECONDS = 30


@dataclass
class SharedKafka:
    """The session's Kafka as a campaign wants it. Nobody hurts it here."""

    keys: LocalKeys
    servers: str

    @property
    def proxied_servers(self) -> str:
        return self.servers


@pytest.fixture
def campaign(stack: LocalStack, tmp_path: Path) -> Iterator[Campaign]:
    kafka = SharedKafka(stack.keys, stack.bootstrap_servers)
    with Campaign(kafka, tmp_path, seed=random.randrange(10**9)) as running:
        running.reader.close()
        running.reader = BusReader(kafka.servers, running.topics.prefix, checked_topics(running.topics))
        yield running


def checked_topics(topics: Topics) -> dict[str, int]:
    """The topics that the verdict is about, with their partition counts."""
    declared = topics.declared(Simulation(events=1).agencies)
    return {name: partitions_of(each, PARTITIONS) for name, each in declared if each.name in CHECKED}


def has_partitions(worker: ChildProcess) -> bool:
    return "cache_restored" in worker.log_path.read_text()


def restart(campaign: Campaign, worker: ChildProcess, worker_id: str) -> ChildProcess:
    """Old out before new in, and the new one at work before the next is touched."""
    campaign.let_go(worker)
    worker.terminate()
    assert worker.wait(STOP_SECONDS) == 0, worker.log_tail()
    successor = campaign.start_worker(worker_id)
    wait_until(lambda: has_partitions(successor), timeout_seconds=60, describe=f"partitions for {worker_id}")
    return successor


def test_rolling_restart_under_load_loses_nothing_and_repeats_nothing(campaign: Campaign) -> None:
    running = [campaign.start_worker(worker_id) for worker_id in WORKERS]
    load = campaign.start_workload(events=3_500, rate=100)  # longer than slow machines need: it can be hurried
    campaign.wait_for_changes(1)
    for number, worker_id in enumerate(WORKERS):
        running[number] = restart(campaign, running[number], worker_id)
        campaign.wait_for_changes(20)
    assert load.is_running, "the load ended too early: nothing was restarted under it"
    campaign.hurry()
    campaign.check()
    assert all(worker.is_running for worker in running)
