"""When an agency usually says something, learned from when it did. Pure; the time is always an argument.

Quiet time is measured in *missed hours*: each full hour without an event counts for the share of the last weeks in
which that hour of the week had one. For an agency with office hours a night counts nothing and a working day about
eight; for one that says something once a week, a week counts one. Longest gaps, or high percentiles of them, are of no
use here: an agency with office hours would have to be gone for a weekend before anyone heard of it.

The memory is bounded: a byte for each hour of the week, and the longest quiet time of each of the last weeks.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct, field

from casebus_streams.sources.calendar import SLOTS, Calendar

LEAST_MISSED_HOURS: Final = 2.5
"""Below this no silence is remarkable: an hour or two without events happen to anyone. No whole number, because an hour
that never failed counts a little less than one."""

LONGER: Final = 1.5
"""Silent is more than this many times the longest quiet time of the last weeks."""

WEEKS: Final = 5
"""How many weeks a quiet time is remembered, this one included."""

_LOOK_BACK_HOURS = 8 * SLOTS
_CERTAIN = 255
_LEARNING_SHIFT = 2  # the newest week weighs a quarter: about four weeks are remembered


class LongestQuiet(Struct, frozen=True):
    """The longest quiet times that ended in one week (counted since 1970), in seconds and in missed hours."""

    week: int
    seconds: int = 0
    missed_hours: float = 0.0


class Rhythm(Struct):
    """What is known of an agency's habits."""

    likely: bytes = bytes(SLOTS)
    """For each hour of the week the share, of 255, of the last weeks in which it had an event."""

    longest: list[LongestQuiet] = field(default_factory=list)
    """One entry for each of the last weeks."""

    @property
    def tolerated_hours(self) -> float:
        """The missed hours from which on the agency is silent."""
        return max(LEAST_MISSED_HOURS, LONGER * max((quiet.missed_hours for quiet in self.longest), default=0.0))

    @property
    def usual_seconds(self) -> int:
        """The longest quiet time of the last weeks that was not a silence."""
        return max((quiet.seconds for quiet in self.longest), default=0)

    def missed_hours(self, last_hour: int, now_hour: int, calendar: Calendar, *, enough: float | None = None) -> float:
        """What was missed in the full hours between the two; no need to count beyond ``enough``."""
        missed = 0
        limit = None if enough is None else enough * _CERTAIN
        for hour in range(max(last_hour + 1, now_hour - _LOOK_BACK_HOURS), now_hour):
            slot = calendar.slot(hour)
            if slot is not None:
                missed += self.likely[slot]
            if limit is not None and missed >= limit:
                break
        return missed / _CERTAIN

    def learn(self, last_hour: int, hour: int, quiet_seconds: int, calendar: Calendar) -> None:
        """An event came in ``hour``, the first since ``last_hour``. Learn from it and from the hours between.

        A silence teaches little: it widens what is tolerated at most ``LONGER`` times, and is no usual quiet time.
        """
        tolerated = self.tolerated_hours
        missed = self.missed_hours(last_hour, hour, calendar, enough=tolerated)
        self._remember(hour // SLOTS, 0 if missed >= tolerated else quiet_seconds, min(missed, tolerated))
        if hour > last_hour:
            self._settle(last_hour, hour, calendar)

    def _remember(self, week: int, seconds: int, missed: float) -> None:
        kept = {quiet.week: quiet for quiet in self.longest if quiet.week > week - WEEKS}
        before = kept.get(week, LongestQuiet(week))
        kept[week] = LongestQuiet(week, max(before.seconds, seconds), max(before.missed_hours, missed))
        self.longest = list(kept.values())

    def _settle(self, last_hour: int, hour: int, calendar: Calendar) -> None:
        likely = bytearray(self.likely)
        for quiet in range(max(last_hour + 1, hour - _LOOK_BACK_HOURS), hour):
            if (slot := calendar.slot(quiet)) is not None:
                likely[slot] -= -(-likely[slot] >> _LEARNING_SHIFT)
        if (slot := calendar.slot(hour)) is not None:
            likely[slot] += (_CERTAIN - likely[slot]) >> _LEARNING_SHIFT
        self.likely = bytes(likely)
