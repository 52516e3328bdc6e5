"""SIGSTOP past every time-out, a new owner, SIGCONT: the old owner must write nothing, and go on or go away."""

from __future__ import annotations

import pytest
from tests.faults.campaign import Campaign
from tests.faults.sizes import IS_LARGE, only_large, sized

from casebus_local.child_process import ChildProcess
from casebus_local.waiting import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(sized(120, 3600))]


def wait_until_trapped(worker: ChildProcess) -> None:
    wait_until(lambda: "trap " in worker.log_path.read_text(), timeout_seconds=60, describe="the trap")


def run_zombie(campaign: Campaign, zombie: ChildProcess) -> None:
    """A new owner does all the work while the zombie is stopped; then the zombie is alone."""
    campaign.let_go(zombie)
    wait_until_trapped(zombie)
    owner = campaign.start_worker(worker_id=None)
    campaign.check()
    zombie.resume()
    campaign.publish(events=sized(200, 2_000))
    campaign.check()
    campaign.kill(owner)
    campaign.publish(events=sized(200, 2_000))
    wait_until(
        lambda: not zombie.is_running or zombie.log_path.read_text().count("partitions_assigned") > 2,
        timeout_seconds=60,
        describe="the zombie's return to the group, or its end",
    )
    if not zombie.is_running:
        assert zombie.wait(0) == 3, zombie.log_tail()
        campaign.start_worker(worker_id=None)
    campaign.check()


@only_large
@pytest.mark.parametrize("stage", ["intake", "overviews"])
def test_a_zombie_that_has_just_learnt_of_its_exclusion_writes_nothing(campaign: Campaign, stage: str) -> None:
    campaign.publish(events=sized(600, 20_000))
    trap = f"{stage}/before-begin/2/stop"
    zombie = campaign.start_dying_worker(trap, "--wait-for-exclusion", worker_id=None)
    run_zombie(campaign, zombie)
    assert "excluded" in zombie.log_path.read_text()


@pytest.mark.parametrize("worker_id", [None, "w1"] if IS_LARGE else ["w1"])
@pytest.mark.parametrize("point", ["before-begin", "after-produce", "before-commit"] if IS_LARGE else ["before-commit"])
def test_a_zombie_with_an_open_transaction_writes_nothing(
    campaign: Campaign, point: str, worker_id: str | None
) -> None:
    campaign.publish(events=sized(600, 20_000))
    run_zombie(campaign, campaign.start_dying_worker(f"overviews/{point}/2/stop", worker_id=worker_id))
