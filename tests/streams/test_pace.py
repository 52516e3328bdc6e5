"""The distance between batches."""

from __future__ import annotations

import pytest

from casebus_streams.pace import Pace


class Clock:
    """Stands still unless somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.now += seconds


def test_the_first_batch_waits_for_nothing() -> None:
    clock = Clock()
    Pace(0.012, clock=clock, sleep=clock.sleep).wait()
    assert clock.slept == 0


@pytest.mark.parametrize(("passed", "waited"), [(0.25, 0.25), (0.5, 0.0), (7.0, 0.0)])
def test_the_next_batch_waits_for_what_is_left_of_the_distance(passed: float, waited: float) -> None:
    clock = Clock()
    pace = Pace(0.5, clock=clock, sleep=clock.sleep)
    pace.took()
    clock.now += passed
    pace.wait()
    assert clock.slept == waited
