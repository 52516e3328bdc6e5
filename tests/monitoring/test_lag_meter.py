"""How far behind a reader is: what is known without asking, and what goes on rising when the reader hangs."""

from __future__ import annotations

import pytest

from casebus_producers.lag import LagMeter

NOON = 1_800_000_000.0


class Clock:
    """Moved by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def meter(clock: Clock) -> LagMeter[int]:
    return LagMeter(clock=clock)


def ms(seconds_before_noon: float) -> int:
    return int((NOON - seconds_before_noon) * 1000)


def test_an_end_that_nobody_knows_yet_is_not_reached(meter: LagMeter[int]) -> None:
    meter.observe({0: None})
    meter.settled({0: ms(120)})
    meter.observe({0: 10})
    assert (meter.records, meter.seconds, meter.partitions) == (10, 120, 1)


def test_nothing_is_behind_before_anything_is_known(meter: LagMeter[int]) -> None:
    assert (meter.records, meter.seconds, meter.stalled_seconds, meter.partitions) == (0, 0, 0, 0)


def test_a_reader_at_the_end_is_not_late_however_old_the_last_record_is(meter: LagMeter[int], clock: Clock) -> None:
    meter.settled({0: ms(5_000)})
    meter.observe({0: 0, 1: 0})
    clock.now += 500
    assert (meter.records, meter.seconds, meter.stalled_seconds, meter.partitions) == (0, 0, 0, 2)


def test_records_after_a_long_silence_are_as_late_as_the_last_look_at_the_end(
    meter: LagMeter[int], clock: Clock
) -> None:
    meter.settled({0: ms(5_000)})
    meter.observe({0: 0})
    clock.now += 3
    meter.observe({0: 10})
    clock.now += 4
    assert meter.records == 10
    assert meter.seconds == 7, "not the 5000 seconds since the last record"


def test_in_a_backlog_the_last_handled_record_tells_how_old_the_next_one_is(meter: LagMeter[int], clock: Clock) -> None:
    meter.observe({0: 900, 1: 0})
    assert meter.seconds == 0, "nobody knows yet"
    meter.settled({0: ms(120)})
    meter.observe({0: 800, 1: 0})
    clock.now += 1
    assert meter.seconds == 121


def test_a_backlog_at_the_start_is_known_once_a_batch_is_handled(meter: LagMeter[int], clock: Clock) -> None:
    meter.took(ms(600))
    assert meter.seconds == 600
    meter.settled({0: ms(550)})
    meter.observe({0: 100})
    assert meter.seconds == 550
    clock.now += 10
    assert meter.seconds == 560


def test_a_hanging_reader_grows_late_by_itself(meter: LagMeter[int], clock: Clock) -> None:
    meter.observe({0: 0})
    meter.took(ms(0))
    clock.now += 90
    assert meter.seconds == 90
    assert meter.stalled_seconds == 90


def test_the_same_batch_taken_again_is_as_old_as_before(meter: LagMeter[int], clock: Clock) -> None:
    meter.took(ms(2))
    clock.now += 60
    meter.took(ms(2))
    assert (meter.seconds, meter.stalled_seconds) == (62, 60)
    meter.settled({0: ms(2)})
    assert (meter.seconds, meter.stalled_seconds) == (0, 0)


def test_slow_is_not_standing(meter: LagMeter[int], clock: Clock) -> None:
    for _ in range(10):
        meter.observe({0: 500, 1: 500})
        clock.now += 30
        meter.settled({0: ms(1_000)})
    meter.observe({0: 500, 1: 500})
    assert meter.stalled_seconds == 300, "partition 1 got nothing"
    meter.settled({1: ms(1_000)})
    meter.observe({0: 500, 1: 500})
    assert meter.stalled_seconds == 0


def test_a_partition_that_went_away_takes_its_lag_with_it(meter: LagMeter[int], clock: Clock) -> None:
    meter.observe({0: 5, 1: 0})
    clock.now += 60
    meter.took(ms(0))
    meter.dropped()
    meter.observe({1: 0})
    assert (meter.records, meter.seconds, meter.stalled_seconds, meter.partitions) == (0, 0, 0, 1)
