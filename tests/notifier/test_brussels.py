"""Local time in Brussels, across both clock changes of 2026: 29 March and 25 October."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casebus_consumers.notifier.brussels import after_quiet_hours, is_quiet, local, morning, next_digest
from casebus_schemas import Cadence, QuietHours

moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the zone
clock_times = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59))
quiet_hours = st.builds(QuietHours, start=clock_times, end=clock_times)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "cadence", "expected"),
    [
        ("2026-03-04T12:10+01:00", Cadence.HOURLY, "2026-03-04T13:00+01:00"),
        ("2026-03-04T07:59+01:00", Cadence.DAILY, "2026-03-04T08:00+01:00"),
        ("2026-03-04T08:00+01:00", Cadence.DAILY, "2026-03-05T08:00+01:00"),
        ("2026-03-28T12:00+01:00", Cadence.DAILY, "2026-03-29T08:00+02:00"),
        ("2026-10-24T12:00+02:00", Cadence.DAILY, "2026-10-25T08:00+01:00"),
        ("2026-03-27T12:00+01:00", Cadence.WEEKLY, "2026-03-30T08:00+02:00"),
        ("2026-10-19T08:00+02:00", Cadence.WEEKLY, "2026-10-26T08:00+01:00"),
    ],
)
def test_digests_go_out_by_the_clock_on_the_wall(moment: str, cadence: Cadence, expected: str) -> None:
    assert next_digest(at(moment), cadence) == at(expected)


@pytest.mark.parametrize(
    ("moment", "quiet", "expected"),
    [
        ("2026-03-04T23:00+01:00", ("22:00", "07:00"), "2026-03-05T07:00+01:00"),
        ("2026-03-04T12:00+01:00", ("22:00", "07:00"), "2026-03-04T12:00+01:00"),
        ("2026-03-04T13:00+01:00", ("12:00", "14:00"), "2026-03-04T14:00+01:00"),
        ("2026-03-28T23:00+01:00", ("22:00", "07:00"), "2026-03-29T07:00+02:00"),
        ("2026-10-24T23:00+02:00", ("22:00", "07:00"), "2026-10-25T07:00+01:00"),
        ("2026-03-29T01:30+01:00", ("22:00", "02:30"), "2026-03-29T03:30+02:00"),  # 02:30 is skipped
        ("2026-10-25T01:00+02:00", ("22:00", "02:30"), "2026-10-25T02:30+02:00"),  # the first 02:30
        ("2026-10-25T02:10+01:00", ("22:00", "02:30"), "2026-10-25T02:30+01:00"),  # the second one
        ("2026-03-04T23:00+01:00", ("23:00", "23:00"), "2026-03-04T23:00+01:00"),
    ],
)
def test_quiet_hours_end_by_the_clock_on_the_wall(moment: str, quiet: tuple[str, str], expected: str) -> None:
    assert after_quiet_hours(at(moment), QuietHours(start=quiet[0], end=quiet[1])) == at(expected)


@given(moments, quiet_hours)
def test_after_quiet_hours_it_is_not_quiet_and_no_more_than_a_day_later(moment: datetime, quiet: QuietHours) -> None:
    later = after_quiet_hours(moment, quiet)
    assert not is_quiet(later, quiet)
    assert moment <= later <= moment + timedelta(hours=25)
    assert (later == moment) is not is_quiet(moment, quiet)


@given(moments, st.sampled_from([Cadence.HOURLY, Cadence.DAILY, Cadence.WEEKLY]))
def test_a_digest_is_soon_enough_and_on_the_hour(moment: datetime, cadence: Cadence) -> None:
    longest = {Cadence.HOURLY: 1, Cadence.DAILY: 25, Cadence.WEEKLY: 7 * 24 + 1}[cadence]
    digest = next_digest(moment, cadence)
    assert moment < digest <= moment + timedelta(hours=longest)
    assert local(digest).hour == 8 or cadence is Cadence.HOURLY
    assert local(digest).minute == 0


def test_mornings_count_from_the_last_day() -> None:
    assert morning(at("2026-03-30T17:00+02:00"), -7) == at("2026-03-23T08:00+01:00")
    assert morning(at("2026-03-30T23:59+02:00"), -1) == at("2026-03-29T08:00+02:00")
    assert morning(at("2026-03-30T00:00+02:00"), -1) == at("2026-03-28T08:00+01:00"), "midnight ends the day before"
    assert morning(at("2026-10-24T12:00+02:00"), 1) == at("2026-10-25T08:00+01:00")
