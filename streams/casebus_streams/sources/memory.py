"""All that is remembered of one agency, and what follows from it at a moment. Pure; the time is always an argument."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from msgspec import Struct, field

from casebus_schemas import AgencyActivity, SourceFreshness, SourceState
from casebus_streams.sources.calendar import HOUR_SECONDS, Calendar
from casebus_streams.sources.rhythm import Rhythm

DAY_HOURS: Final = 24

KNOWN_AFTER_SECONDS: Final = 14 * 24 * HOUR_SECONDS
"""Two weekends must have been seen before anyone can say how long an agency is usually quiet."""


class HourCount(Struct, frozen=True):
    """The events of one hour, counted since 1970."""

    hour: int
    accepted: int = 0
    rejected: int = 0


class AgencyMemory(Struct):
    """One agency, as its reports up to, not including, offset ``next_offset`` of ``activity`` tell.

    Bounded: a rhythm, and a count for each hour of the last day. Moments are milliseconds since 1970.
    """

    agency: str
    next_offset: int = 0
    first_event_ms: int | None = None
    last_event_ms: int | None = None
    hours: list[HourCount] = field(default_factory=list)
    rhythm: Rhythm = field(default_factory=Rhythm)

    def take(self, report: AgencyActivity, offset: int, calendar: Calendar) -> None:
        """Learn from the report at ``offset``. One that was taken before changes nothing."""
        if offset < self.next_offset:
            return
        self.next_offset = offset + 1
        self._count(report)
        # A broker's clock that runs ahead must not make the agency look heard of in the future.
        moment = _milliseconds(min(report.last_event_at or report.until, report.until))
        if self.last_event_ms is None:
            self.first_event_ms = self.last_event_ms = moment
        if moment >= self.last_event_ms:
            self.rhythm.learn(_hour(self.last_event_ms), _hour(moment), (moment - self.last_event_ms) // 1000, calendar)
            self.last_event_ms = moment

    def is_silent(self, now: float, calendar: Calendar) -> bool:
        """Whether more was missed by ``now``, in seconds since 1970, than this agency's rhythm explains.

        Never for one that was not heard of; and only another event ends a silence.
        """
        if self.last_event_ms is None:
            return False
        tolerated = self.rhythm.tolerated_hours
        now_hour = int(now // HOUR_SECONDS)
        missed = self.rhythm.missed_hours(_hour(self.last_event_ms), now_hour, calendar, enough=tolerated)
        return missed >= tolerated

    def freshness(self, now: float, calendar: Calendar) -> SourceFreshness:
        """What there is to say at ``now``, in seconds since 1970."""
        last_day = [count for count in self.hours if count.hour > now // HOUR_SECONDS - DAY_HOURS]
        return SourceFreshness(
            agency=self.agency,
            state=SourceState.SILENT if self.is_silent(now, calendar) else SourceState.ACTIVE,
            last_event_at=None
            if self.last_event_ms is None
            else datetime.fromtimestamp(self.last_event_ms / 1000, UTC),
            usual_interval_seconds=self.rhythm.usual_seconds if self._is_known(now) else None,
            accepted_last_day=sum(count.accepted for count in last_day),
            rejected_last_day=sum(count.rejected for count in last_day),
            updated_at=datetime.fromtimestamp(now, UTC),
        )

    def _count(self, report: AgencyActivity) -> None:
        hour = _hour(_milliseconds(report.until))
        kept = {count.hour: count for count in self.hours if count.hour > hour - DAY_HOURS}
        before = kept.get(hour, HourCount(hour))
        kept[hour] = HourCount(hour, before.accepted + report.accepted, before.rejected + report.rejected)
        self.hours = list(kept.values())

    def _is_known(self, now: float) -> bool:
        return self.first_event_ms is not None and now - self.first_event_ms / 1000 >= KNOWN_AFTER_SECONDS


def _hour(moment_ms: int) -> int:
    return moment_ms // (HOUR_SECONDS * 1000)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
