"""From a change to what the party is told of it, over which channel, and when. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from casebus_consumers.notifier.brussels import morning
from casebus_consumers.notifier.case_file import CaseFile, key_of, party_action
from casebus_consumers.notifier.correction import correction_in
from casebus_consumers.notifier.moot import why_moot
from casebus_consumers.notifier.notice import Notice, Subject, notice_id
from casebus_consumers.notifier.reminders import next_look
from casebus_consumers.notifier.situation import Cancellation, Plan, Situation, cadences, channels
from casebus_consumers.notifier.timing import due, held_by_agency
from casebus_schemas import Cadence, CaseState, Change, ChangeKind, ChannelKind, NotifyMode, Preferences

RANK: Final = (
    ChangeKind.CORRECTED,
    ChangeKind.DECISION,
    ChangeKind.CASE_ADDED,
    ChangeKind.CLOSED,
    ChangeKind.ACTION_NEEDED,
    ChangeKind.ACTION_RESOLVED,
    ChangeKind.DEADLINE_CHANGED,
    ChangeKind.STATUS_CHANGED,
)
"""When one notice takes the place of others, it is announced as the first of these that any of them was."""


def decide(change: Change, situation: Situation, *, now: datetime, silenced_by: str | None = None) -> Plan | None:
    """The plan for ``change``; None when the case's file is past it already, so that nothing is ever told twice.

    A case has at most one notice waiting per channel: the newest, which is told no later than the ones whose place it
    takes. Nothing is told when ``silenced_by`` names a rule; the case's file is kept all the same. What a merge moved
    here was news to the party it came from: nobody is told, and nothing that waits is touched.
    """
    known = situation.case
    if known is not None and known.is_past(change):
        return None
    is_told = known is not None and known.is_told
    case = file_after(change, known, now)
    if change.moved_from is not None:
        return Plan(case)
    moot = [
        Cancellation(notice, reason)
        for notice in situation.pending
        if (reason := why_moot(notice.subject, notice.deadline, change.after)) is not None
    ]
    standing = [notice for notice in situation.pending if notice not in {each.notice for each in moot}]
    suppressed = silenced_by or _why_silent(change, is_told=is_told)
    if suppressed is not None:
        return Plan(case, (), tuple(moot), suppressed)
    if not any(channels(situation.preferences)):
        return Plan(case, (), tuple(moot), "no-channel")
    added = tuple(_notices(change, situation, standing, now))
    told_over = {notice.channel for notice in added}
    replaced = [Cancellation(notice, _why_replaced(change)) for notice in standing if notice.channel in told_over]
    return Plan(case, added, (*moot, *replaced), None if added else "switched-off")


def file_after(change: Change, known: CaseFile | None, now: datetime) -> CaseFile:
    """The case's file with ``change`` in it.

    A merge brings a case event by event, and its file comes along at once: until the events have caught up with the
    file, that is what holds.
    """
    if known is not None and change.moved_from is not None and change.sequence < known.sequence:
        return replace(known, epoch=change.epoch, version=change.version)
    return CaseFile(
        key=key_of(change),
        change_id=change.change_id,
        event_id=change.event_id,
        sequence=change.sequence,
        epoch=change.epoch,
        version=change.version,
        state=change.after,
        is_told=known is not None and known.is_told,
        next_look_at=next_look(change.after, now),
    )


def _notices(change: Change, situation: Situation, standing: Sequence[Notice], now: datetime) -> list[Notice]:
    preferences = situation.preferences
    if preferences is None:
        return []
    found = []
    for channel in channels(preferences):
        waiting = [notice for notice in standing if notice.channel is channel]
        is_told = situation.case is not None and situation.case.is_told
        notice = _notice(
            change, channel, preferences, waiting, situation.last_messages.get(channel), now, is_told=is_told
        )
        if notice is not None:
            found.append(notice)
    return found


def _notice(
    change: Change,
    channel: ChannelKind,
    preferences: Preferences,
    waiting: Sequence[Notice],
    last_message_at: datetime | None,
    now: datetime,
    *,
    is_told: bool,
) -> Notice | None:
    """None when the party switched such news off."""
    is_action = asks_for_action(change)
    is_urgent = is_action or _is_declared_urgent(change.after)
    chosen = cadences(preferences, change.agency)
    cadence = chosen.urgent if is_urgent else chosen.normal
    if cadence is Cadence.OFF:
        return None
    timing = due(
        held_by_agency(change.after.content, now),
        cadence,
        last_message_at=last_message_at,
        no_later_than=_latest_useful(change.after) if is_action else None,
        promised_at=min((notice.due_at for notice in waiting), default=None),
    ).outside(preferences.quiet_hours)
    return Notice(
        id=notice_id(change.change_id, channel),
        channel=channel,
        case=key_of(change),
        event_id=change.event_id,
        sequence=change.sequence,
        kind=_announced_as(change, waiting, is_told=is_told),
        subject=_subject(change, waiting, is_action=is_action),
        is_urgent=is_urgent or any(notice.is_urgent for notice in waiting),
        due_at=timing.at,
        waits_for=timing.waits_for,
        correction=next((each.correction for each in waiting if each.correction), None) or correction_in(change),
        traceparent=change.traceparent,
    )


def asks_for_action(change: Change) -> bool:
    """Whether the party must do something by a date, and that is new in this change."""
    action = party_action(change.after.content)
    before = None if change.before is None else party_action(change.before.content)
    return action is not None and action.due_at is not None and action != before


def _is_declared_urgent(state: CaseState) -> bool:
    notify = None if state.content is None else state.content.notify
    return notify is not None and notify.mode is NotifyMode.URGENT


def _why_silent(change: Change, *, is_told: bool) -> str | None:
    """The rule by which this change is told to nobody."""
    content = change.after.content
    if change.kind is ChangeKind.HISTORY_AMENDED:
        return "history-amended"
    if change.kind is ChangeKind.ACCESS_ENDED:
        return "access-ended"
    if change.kind is ChangeKind.RETRACTED or content is None:
        return None if is_told else "never-told"
    if content.notify is not None and content.notify.mode is NotifyMode.NONE:
        return "silent-update"
    return None


def _why_replaced(change: Change) -> str:
    if change.kind is ChangeKind.CORRECTED:
        return "corrected"
    return "superseded"


def _subject(change: Change, waiting: Sequence[Notice], *, is_action: bool) -> Subject:
    if change.after.content is None:
        return Subject.REMOVED
    is_about_action = is_action or any(notice.subject is not Subject.NEWS for notice in waiting)
    return Subject.ACTION if is_about_action and party_action(change.after.content) is not None else Subject.NEWS


def _announced_as(change: Change, waiting: Sequence[Notice], *, is_told: bool) -> ChangeKind:
    """A correction is one only to whom the wrong thing was told; to others it is the news that waited, or just news."""
    if change.kind not in RANK:
        return change.kind
    waited_for = [notice.kind for notice in waiting if notice.kind in RANK]
    if change.kind is not ChangeKind.CORRECTED:
        return min((change.kind, *waited_for), key=RANK.index)
    return min(waited_for, key=RANK.index, default=ChangeKind.CORRECTED if is_told else ChangeKind.STATUS_CHANGED)


def _latest_useful(state: CaseState) -> datetime | None:
    action = party_action(state.content)
    return None if action is None or action.due_at is None else morning(action.due_at, -1)
