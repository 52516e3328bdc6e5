"""SIGKILL: at seeded random moments, and at the points where it could do most harm."""

from __future__ import annotations

import signal

import pytest
from tests.faults.campaign import Campaign
from tests.faults.sizes import IS_LARGE, sized

pytestmark = [pytest.mark.integration, pytest.mark.timeout(sized(120, 7200))]

FEW_POINTS = {
    "intake": ("after-send-offsets", "after-commit"),
    "overviews": ("after-send-offsets", "after-commit", "in-restore"),
}
ALL_POINTS = {stage: ("before-begin", "after-produce", *points, "in-assign") for stage, points in FEW_POINTS.items()}
POINTS = ALL_POINTS if IS_LARGE else FEW_POINTS


def test_workers_killed_at_random_lose_nothing_and_repeat_nothing(campaign: Campaign) -> None:
    events, kills = sized(3_000, 1_000_000), sized(3, 40)
    workers = [campaign.start_worker("w1"), campaign.start_worker("w2")]
    campaign.start_workload(events=events, rate=sized(1_500, 3_000))
    for _ in range(kills):
        campaign.wait_for_changes(campaign.rng.randrange(1, events // (2 * kills)))
        slot = campaign.rng.randrange(2)
        campaign.kill(workers[slot])
        workers[slot] = campaign.start_worker(f"w{slot + 1}")
    campaign.check()
    campaign.reconcile()


@pytest.mark.parametrize("stage", ["intake", "overviews"])
@pytest.mark.parametrize("worker_id", ["w1", None] if IS_LARGE else ["w1"])
def test_a_worker_killed_at_each_named_point_is_as_if_it_had_not_been(
    campaign: Campaign, stage: str, worker_id: str | None
) -> None:
    campaign.publish(events=sized(1_200, 50_000))
    for point in POINTS[stage] * sized(1, 3):
        nth = 1 if point.startswith("in-") else campaign.rng.randrange(1, 3)
        worker = campaign.start_dying_worker(f"{stage}/{point}/{nth}/kill", worker_id=worker_id)
        campaign.let_go(worker)
        assert worker.wait(60) == -signal.SIGKILL, worker.log_tail()
    campaign.start_worker(worker_id)
    campaign.check()


def test_a_worker_killed_while_it_gives_partitions_back_has_kept_nothing_and_lost_nothing(campaign: Campaign) -> None:
    campaign.start_workload(events=sized(1_000, 20_000), rate=500)
    dying = campaign.start_dying_worker("overviews/in-revoke/1/kill", worker_id=None)
    campaign.let_go(dying)
    campaign.wait_for_changes(100)
    campaign.start_worker(worker_id=None)
    assert dying.wait(60) == -signal.SIGKILL, dying.log_tail()
    campaign.check()
