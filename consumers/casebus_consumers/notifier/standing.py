"""The last check, when a notice is about to be sent: the citizen's wishes and the case as they are then. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from casebus_consumers.notifier.case_file import CaseFile
from casebus_consumers.notifier.moot import why_moot
from casebus_consumers.notifier.notice import Notice, Subject
from casebus_consumers.notifier.situation import address, cadences
from casebus_consumers.notifier.timing import held_by_agency
from casebus_schemas import Cadence, Preferences


class Sendable(NamedTuple):
    """It may go."""


class Postponed(NamedTuple):
    """Not yet: until when, and the rule."""

    until: datetime
    reason: str


class Dropped(NamedTuple):
    """Never: the rule."""

    reason: str


Standing = Sendable | Postponed | Dropped


def standing(notice: Notice, case: CaseFile | None, preferences: Preferences | None, now: datetime) -> Standing:
    """Whether ``notice`` may be sent ``now``."""
    dropped = _why_dropped(notice, case, preferences, now)
    if dropped is not None or case is None or preferences is None:
        return Dropped(dropped or "case-unknown")
    timing = held_by_agency(case.state.content, now).outside(preferences.quiet_hours)
    return Sendable() if timing.waits_for is None else Postponed(timing.at, timing.waits_for)


def _why_dropped(notice: Notice, case: CaseFile | None, preferences: Preferences | None, now: datetime) -> str | None:
    if preferences is None or address(preferences, notice.channel) is None:
        return "no-channel"
    chosen = cadences(preferences, notice.case.agency)
    if (chosen.urgent if notice.is_urgent else chosen.normal) is Cadence.OFF:
        return "switched-off"
    if case is None:
        return "case-unknown"
    content = case.state.content
    if content is not None and content.expires_at is not None and content.expires_at <= now:
        return "case-expired"
    if notice.deadline is not None:
        if not preferences.reminders:
            return "switched-off"
        if notice.subject is not Subject.DECISION_OVERDUE and notice.deadline <= now:
            return "deadline-passed"
    return why_moot(notice.subject, notice.deadline, case.state)
