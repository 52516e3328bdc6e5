"""Local time in Belgium: quiet hours, the times of digests, mornings before a date. Pure; right across clock changes.

What comes in and goes out are moments in UTC. Only between the two is there a wall clock.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from casebus_schemas import Cadence, QuietHours

BRUSSELS: Final = ZoneInfo("Europe/Brussels")
DIGEST_TIME: Final = time(8)
"""When daily and weekly digests and reminders go out; the weekly ones on Monday. Clocks never change at that time."""

_MONDAY: Final = 0
_BOTH_FOLDS: Final = (0, 1)


def local(moment: datetime) -> datetime:
    """``moment`` on a wall clock in Brussels."""
    return moment.astimezone(BRUSSELS)


def is_quiet(moment: datetime, quiet: QuietHours | None) -> bool:
    """Whether the wall clock stands within the quiet hours: from ``start``, before ``end``. Equal ends mean none."""
    if quiet is None or quiet.start == quiet.end:
        return False
    clock = f"{local(moment):%H:%M}"
    if quiet.start < quiet.end:
        return quiet.start <= clock < quiet.end
    return clock >= quiet.start or clock < quiet.end


def after_quiet_hours(moment: datetime, quiet: QuietHours | None) -> datetime:
    """``moment``, or the end of the quiet hours that it lies in.

    An end that the clock skips in spring comes when it would have come without the skip; of one that it shows twice
    in autumn, the first counts.
    """
    if quiet is None or not is_quiet(moment, quiet):
        return moment
    end = time.fromisoformat(quiet.end)
    today = local(moment).date()
    ends = [_at(day, end, fold) for day in (today, today + timedelta(days=1)) for fold in _BOTH_FOLDS]
    return min(each for each in ends if each > moment and not is_quiet(each, quiet))


def next_digest(moment: datetime, cadence: Cadence) -> datetime:
    """When the next digest of this cadence goes out, after ``moment``. Raises ``ValueError`` for one without digest."""
    if cadence is Cadence.HOURLY:
        # Belgium's offsets are whole hours, so a full hour is one in UTC as well.
        return moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    if cadence not in (Cadence.DAILY, Cadence.WEEKLY):
        raise ValueError(f"no digest has the cadence {cadence}")
    day = local(moment).date()
    while _at(day, DIGEST_TIME) <= moment or (cadence is Cadence.WEEKLY and day.weekday() != _MONDAY):
        day += timedelta(days=1)
    return _at(day, DIGEST_TIME)


def morning(deadline: datetime, days: int) -> datetime:
    """The morning so many days after (or before) the last day on which the deadline can be met.

    A deadline at midnight ends the day before it.
    """
    last_day = local(deadline - timedelta(minutes=1)).date()
    return _at(last_day + timedelta(days=days), DIGEST_TIME)


def _at(day: date, clock: time, fold: int = 0) -> datetime:
    return datetime.combine(day, clock.replace(fold=fold), BRUSSELS).astimezone(UTC)
