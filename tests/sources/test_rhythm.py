"""Silence: months of simulated agencies, and what holds of any agency."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sources.simulated_agency import (
    AGENCY,
    BEGIN,
    BRUSSELS,
    Habit,
    SimulatedAgency,
    alarms,
    nightly_batch,
    now_and_then,
    office_hours,
    once_a_week,
    report,
    round_the_clock,
)

from casebus_schemas import SourceState
from casebus_streams.sources.calendar import Calendar
from casebus_streams.sources.memory import AgencyMemory

CALENDAR = Calendar(BRUSSELS)
MONTHS = 126  # over the change to summer time
AFTER = BEGIN + timedelta(days=MONTHS)  # a Monday at midnight
HABITS = (office_hours, round_the_clock, nightly_batch, once_a_week)


@pytest.mark.parametrize("habit", HABITS)
def test_an_agency_that_keeps_its_habits_is_never_silent(habit: Habit) -> None:
    assert alarms(SimulatedAgency(habit).live(BEGIN, days=MONTHS)) == []


@pytest.mark.parametrize("seed", range(3))
def test_an_agency_without_habits_hardly_ever_seems_silent(seed: int) -> None:
    assert len(alarms(SimulatedAgency(now_and_then, seed=seed).live(BEGIN, days=MONTHS))) <= 3


@pytest.mark.parametrize(
    ("habit", "days", "hours"),
    [
        (office_hours, 0, 12),  # its first three hours of a Monday
        (round_the_clock, 0, 4),
        (nightly_batch, 2, 3),  # the third night
        (once_a_week, 16, 17),  # the third week, at the latest on its Wednesday evening
    ],
)
def test_an_agency_that_stops_is_silent_soon(habit: Habit, days: int, hours: int) -> None:
    agency = SimulatedAgency(habit)
    alarms(agency.live(BEGIN, days=MONTHS))
    [alarm] = alarms(agency.live(AFTER, days=60, quiet=True))
    assert alarm <= AFTER + timedelta(days=days, hours=hours)


def test_a_holiday_is_no_silence_and_an_unknown_one_is() -> None:
    for holidays, expected in (((AFTER.date(),), 0), ((), 1)):
        agency = SimulatedAgency(office_hours, holidays=holidays)
        alarms(agency.live(BEGIN, days=MONTHS))
        assert len(alarms(agency.live(AFTER, days=1, quiet=True))) == expected


def test_an_event_ends_the_silence_and_an_outage_does_not_dull_the_watch() -> None:
    agency = SimulatedAgency(office_hours)
    alarms(agency.live(BEGIN, days=MONTHS))
    assert len(alarms(agency.live(AFTER, days=14, quiet=True))) == 1
    back = AFTER + timedelta(days=14)
    silent = [moment for moment, is_silent in agency.live(back, days=7) if is_silent]
    assert max(silent) <= back + timedelta(hours=10)  # until its first event
    [alarm] = alarms(agency.live(back + timedelta(days=7), days=7, quiet=True))
    assert alarm <= back + timedelta(days=7, hours=15)


def test_how_long_it_is_usually_quiet_is_known_after_two_weeks() -> None:
    agency = SimulatedAgency(office_hours)
    alarms(agency.live(BEGIN, days=5))
    early = agency.memory.freshness((BEGIN + timedelta(days=5)).timestamp(), CALENDAR)
    assert early.usual_interval_seconds is None
    alarms(agency.live(BEGIN + timedelta(days=5), days=20))
    later = agency.memory.freshness((BEGIN + timedelta(days=25)).timestamp(), CALENDAR)
    assert later.usual_interval_seconds is not None
    assert 60 <= later.usual_interval_seconds / 3600 <= 67  # a weekend


gaps = st.lists(st.integers(0, 40 * 24 * 3600), max_size=60)


def lived(gap_seconds: list[int]) -> tuple[AgencyMemory, datetime]:
    memory, moment = AgencyMemory(AGENCY), datetime(2026, 1, 5, tzinfo=UTC)
    for offset, gap in enumerate(gap_seconds):
        moment += timedelta(seconds=gap)
        memory.take(report(moment), offset, CALENDAR)
    return memory, moment


@given(gaps)
def test_nobody_is_silent_right_after_an_event_or_without_any(gap_seconds: list[int]) -> None:
    memory, moment = lived(gap_seconds)
    assert not memory.is_silent(moment.timestamp() + 2 * 3600, CALENDAR)


@given(gaps, st.integers(0, 10**7), st.integers(0, 10**7))
def test_only_an_event_ends_a_silence(gap_seconds: list[int], first: int, more: int) -> None:
    memory, moment = lived(gap_seconds)
    now = moment.timestamp() + first
    assert not memory.is_silent(now, CALENDAR) or memory.is_silent(now + more, CALENDAR)


@given(gaps, st.lists(st.integers(0, 59)))
def test_a_report_that_comes_again_changes_nothing(gap_seconds: list[int], repeated: list[int]) -> None:
    memory, _ = lived(gap_seconds)
    again, moment = lived(gap_seconds)
    for offset in repeated:
        if offset < len(gap_seconds):
            again.take(report(moment, accepted=9), offset, CALENDAR)
    assert again == memory


@given(gaps)
def test_the_memory_is_bounded(gap_seconds: list[int]) -> None:
    memory, _ = lived(gap_seconds)
    assert len(memory.hours) <= 24
    assert len(memory.rhythm.longest) <= 5
    assert len(memory.rhythm.likely) == 168


def test_a_time_in_the_future_is_cut_to_the_reports_own() -> None:
    memory, now = AgencyMemory(AGENCY), datetime(2026, 1, 5, 12, tzinfo=UTC)
    ahead = report(now).model_copy(update={"last_event_at": now + timedelta(days=365)})
    memory.take(ahead, 0, CALENDAR)
    assert memory.freshness(now.timestamp(), CALENDAR).last_event_at == now


def test_events_of_the_last_day_are_counted_and_older_ones_are_not() -> None:
    memory, now = AgencyMemory(AGENCY), datetime(2026, 1, 5, 12, tzinfo=UTC)
    memory.take(report(now - timedelta(hours=25), accepted=100), 0, CALENDAR)
    memory.take(report(now - timedelta(hours=20), accepted=5, rejected=2), 1, CALENDAR)
    memory.take(report(now, accepted=1), 2, CALENDAR)
    freshness = memory.freshness(now.timestamp(), CALENDAR)
    assert (freshness.accepted_last_day, freshness.rejected_last_day) == (6, 2)
    assert freshness.state is SourceState.ACTIVE
    assert freshness.last_event_at == now
