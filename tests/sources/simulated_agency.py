"""Months of an agency's life in a moment: hourly looks at what its memory says."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from casebus_schemas import AgencyActivity
from casebus_streams.sources.calendar import Calendar
from casebus_streams.sources.memory import AgencyMemory

AGENCY = "OVO000001"
BRUSSELS = ZoneInfo("Europe/Brussels")
BEGIN = datetime(2026, 1, 5, tzinfo=BRUSSELS)  # a Monday
Habit = Callable[[random.Random, datetime], float]
"""Events expected in the hour that begins at a local moment."""


def report(moment: datetime, *, accepted: int = 1, rejected: int = 0, agency: str = AGENCY) -> AgencyActivity:
    at = moment.astimezone(UTC)
    return AgencyActivity(agency=agency, until=at, accepted=accepted, rejected=rejected, last_event_at=at)


def office_hours(_: random.Random, hour: datetime) -> float:
    return 20.0 if hour.weekday() < 5 and 9 <= hour.hour < 17 else 0.0


def round_the_clock(_: random.Random, hour: datetime) -> float:
    return 60.0 if 6 <= hour.hour < 23 else 5.0


def nightly_batch(_: random.Random, hour: datetime) -> float:
    return 500.0 if hour.hour == 2 else 0.0


def once_a_week(_: random.Random, hour: datetime) -> float:
    """On a Tuesday or a Wednesday, in an hour that differs."""
    week = hour.isocalendar()
    chosen = random.Random(week.year * 100 + week.week)
    return 1.0 if (hour.weekday(), hour.hour) == (chosen.choice((1, 2)), chosen.randrange(9, 17)) else 0.0


def now_and_then(_: random.Random, hour: datetime) -> float:
    """About ten events a week, at no time in particular."""
    return 10 / 168


class SimulatedAgency:
    """Lives by a habit until it is told to be quiet; ``live`` yields each hour with whether it seems silent."""

    def __init__(self, habit: Habit, *, seed: int = 0, holidays: tuple[date, ...] = ()) -> None:
        self.calendar = Calendar(BRUSSELS, holidays)
        self.memory = AgencyMemory(AGENCY)
        self._habit = habit
        self._rng = random.Random(seed)
        self._offset = 0

    def live(self, begin: datetime, *, days: float, quiet: bool = False) -> Iterator[tuple[datetime, bool]]:
        for number in range(int(days * 24)):
            hour = (begin.astimezone(UTC) + timedelta(hours=number)).astimezone(BRUSSELS)
            expected = 0.0 if quiet else self._habit(self._rng, hour)
            if self._rng.random() < expected:
                for _ in range(max(1, min(4, int(expected)))):
                    self._say_something(hour)
            end = hour + timedelta(hours=1)
            yield end, self.memory.is_silent(end.timestamp(), self.calendar)

    def _say_something(self, hour: datetime) -> None:
        last = self.memory.last_event_ms or 0
        moment = max(hour + timedelta(seconds=self._rng.randrange(3600)), datetime.fromtimestamp(last / 1000, BRUSSELS))
        self.memory.take(report(moment), self._offset, self.calendar)
        self._offset += 1


def alarms(life: Iterator[tuple[datetime, bool]]) -> list[datetime]:
    """When it became silent."""
    found, before = [], False
    for moment, silent in life:
        if silent and not before:
            found.append(moment)
        before = silent
    return found
