"""Which hour of the week a moment falls in, on the agencies' clocks, and the days on which nothing is expected."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

SLOTS = 7 * 24
"""Hours of the week; slot 0 begins on Monday at midnight."""

HOUR_SECONDS = 3600
_REMEMBERED_HOURS = 4096


class Calendar:
    """Hours, counted since 1970, as slots of the local week. The local one, so that summer time moves no office hours.

    On ``holidays`` nothing is expected and nothing is learned.
    """

    def __init__(self, time_zone: ZoneInfo, holidays: Iterable[date] = ()) -> None:
        self._time_zone = time_zone
        self._holidays = frozenset(holidays)
        self.slot = lru_cache(_REMEMBERED_HOURS)(self._slot)

    def _slot(self, hour: int) -> int | None:
        """The slot of an hour; None on a holiday."""
        begin = datetime.fromtimestamp(hour * HOUR_SECONDS, self._time_zone)
        return None if begin.date() in self._holidays else begin.weekday() * 24 + begin.hour
