"""Members that come and go, orderly or not, while the others work."""

from __future__ import annotations

from functools import partial

import pytest
from tests.faults.campaign import Campaign
from tests.faults.sizes import sized

from casebus_local.child_process import ChildProcess
from casebus_local.waiting import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(sized(120, 3600))]


def has_partitions(worker: ChildProcess) -> bool:
    """It was assigned none at first, then those that others have given back."""
    return worker.log_path.read_text().count("cache_restored") >= 2


def test_members_joining_and_leaving_all_the_time_hold_up_nobody(campaign: Campaign) -> None:
    rounds = sized(1, 60)
    stays = campaign.start_worker(worker_id=None)
    campaign.start_workload(events=rounds * 1_000, rate=200)
    campaign.wait_for_changes(1)
    for _ in range(rounds):
        guest = campaign.start_worker(worker_id=None)
        wait_until(partial(has_partitions, guest), timeout_seconds=60, describe="partitions for the guest")
        campaign.let_go(guest)
        if campaign.rng.random() < 0.5:
            guest.kill()
        else:
            guest.stop(timeout_seconds=30)
    campaign.check()
    assert stays.is_running


def test_two_workers_with_one_id_do_no_harm_and_one_of_them_ends(campaign: Campaign) -> None:
    campaign.start_workload(events=sized(9_000, 20_000), rate=150)
    first = campaign.start_worker("same")
    campaign.let_go(first)
    campaign.wait_for_changes(50)
    second = campaign.start_worker("same")
    assert first.wait(60) == 3, first.log_tail()  # while it has something to write
    campaign.hurry()
    assert "fenced" in first.log_path.read_text()
    campaign.check()
    assert second.is_running
