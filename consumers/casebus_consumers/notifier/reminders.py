"""Reminders: a deadline of the citizen's comes near, or the agency's own has passed without news. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from casebus_consumers.notifier.brussels import morning
from casebus_consumers.notifier.case_file import CaseFile, party_action
from casebus_consumers.notifier.moot import why_moot
from casebus_consumers.notifier.notice import Notice, Subject, notice_id
from casebus_consumers.notifier.situation import Cancellation, Plan, Situation, cadences, channels
from casebus_consumers.notifier.timing import due, held_by_agency
from casebus_schemas import Cadence, CaseState, ChangeKind, NotifyMode, Preferences


class Reminder(NamedTuple):
    """What is to be reminded of, when, and the date that it is about."""

    at: datetime
    subject: Subject
    deadline: datetime


def reminders(state: CaseState) -> Iterator[Reminder]:
    """All reminders that a case in this state gives rise to, past ones among them; the most pressing last."""
    content = state.content
    if content is None:
        return
    if content.expected is not None and content.expected.decision_by is not None:
        by = content.expected.decision_by
        yield Reminder(morning(by, 1), Subject.DECISION_OVERDUE, by)
    action = party_action(content)
    if action is not None and action.due_at is not None:
        yield Reminder(morning(action.due_at, -7), Subject.DUE_IN_7_DAYS, action.due_at)
        yield Reminder(morning(action.due_at, -1), Subject.DUE_IN_1_DAY, action.due_at)


def next_look(state: CaseState, now: datetime) -> datetime | None:
    """When the case is to be looked at again, after ``now``."""
    return min((reminder.at for reminder in reminders(state) if reminder.at > now), default=None)


def decide_reminder(situation: Situation, case: CaseFile, now: datetime) -> Plan:
    """What a look at ``case`` comes to, at or after its ``next_look_at``.

    Of several reminders that are due at once (the notifier was away), the most pressing is given. While news of the
    case still waits, a deadline brings that news forward, and stays news: dropped as a late reminder, it would be lost.
    A missing decision is no news then. Either is checked again when it is sent.
    """
    looked_at = replace(case, next_look_at=next_look(case.state, now))
    preferences = situation.preferences
    if preferences is None or not preferences.reminders or not _may_remind(case):
        return Plan(looked_at)
    reminder = _most_pressing(case, now)
    cadence = _cadence(preferences, case, reminder)
    if reminder is None or cadence is Cadence.OFF:
        return Plan(looked_at)
    added: list[Notice] = []
    cancelled: list[Cancellation] = []
    for channel in channels(preferences):
        waiting = [notice for notice in situation.pending if notice.channel is channel]
        news = [notice for notice in waiting if notice.deadline is None]
        held = held_by_agency(case.state.content, now)
        timing = due(held, cadence, last_message_at=situation.last_messages.get(channel))
        timing = timing.outside(preferences.quiet_hours)
        if _is_of_no_use(reminder, waiting, timing.at):
            continue
        added.append(
            Notice(
                id=notice_id(case.change_id, channel, f"#{reminder.subject}#{reminder.deadline.isoformat()}"),
                channel=channel,
                case=case.key,
                event_id=case.event_id,
                sequence=case.sequence,
                kind=news[0].kind if news else ChangeKind.DEADLINE_CHANGED,
                subject=Subject.ACTION if news else reminder.subject,
                is_urgent=reminder.subject is not Subject.DECISION_OVERDUE,
                due_at=timing.at,
                waits_for=timing.waits_for,
                deadline=None if news else reminder.deadline,
                correction=news[0].correction if news else None,
            )
        )
        cancelled += [Cancellation(notice, "superseded") for notice in waiting]
    return Plan(looked_at, tuple(added), tuple(cancelled))


def _is_of_no_use(reminder: Reminder, waiting: Sequence[Notice], at: datetime) -> bool:
    """Whether the reminder could only be given ``at`` a time when it is too late, or news that waits comes anyway."""
    if reminder.subject is Subject.DECISION_OVERDUE:
        return bool(waiting)
    news_comes = any(notice.due_at <= at for notice in waiting if notice.deadline is None)
    return at >= reminder.deadline or news_comes


def _may_remind(case: CaseFile) -> bool:
    """What the agency added in silence is not spoken of, unless the party knows of the case anyway."""
    content = case.state.content
    return case.is_told or content is None or content.notify is None or content.notify.mode is not NotifyMode.NONE


def _most_pressing(case: CaseFile, now: datetime) -> Reminder | None:
    since = case.next_look_at or now
    found = None
    for reminder in reminders(case.state):
        is_over = reminder.subject is not Subject.DECISION_OVERDUE and reminder.deadline <= now
        is_moot = why_moot(reminder.subject, reminder.deadline, case.state) is not None
        if since <= reminder.at <= now and not is_over and not is_moot:
            found = reminder
    return found


def _cadence(preferences: Preferences, case: CaseFile, reminder: Reminder | None) -> Cadence:
    """A deadline is reminded of at once, unless urgent news is off; a missing decision is news like any other."""
    chosen = cadences(preferences, case.key.agency)
    if reminder is not None and reminder.subject is Subject.DECISION_OVERDUE:
        return chosen.normal
    return Cadence.OFF if chosen.urgent is Cadence.OFF else Cadence.IMMEDIATE
