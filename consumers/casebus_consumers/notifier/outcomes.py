"""What the agency is told about the notices of its events. Pure; nothing in it is about the citizen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from casebus_consumers.notifier.notice import Notice, notice_id
from casebus_consumers.notifier.situation import Plan
from casebus_schemas import NotificationOutcome, NotificationState


def outcomes_of(plan: Plan, now: datetime) -> Iterator[NotificationOutcome]:
    """One for each notice that was planned, put off or cancelled, or the one that nobody is told."""
    for notice, reason in plan.cancelled:
        yield outcome_of(notice, NotificationState.CANCELLED, now, reason=reason)
    for notice in plan.added:
        yield planned(notice, now)
    if plan.suppressed is not None:
        case = plan.case
        yield NotificationOutcome(
            notification_id=notice_id(case.change_id, None),
            agency=case.key.agency,
            case_id=case.key.case_id,
            event_id=case.event_id,
            sequence=case.sequence,
            state=NotificationState.SUPPRESSED,
            at=now,
            reason=plan.suppressed,
        )


def planned(notice: Notice, now: datetime) -> NotificationOutcome:
    """It will be sent: at once, or when the rule that puts it off allows."""
    if notice.waits_for is None:
        return outcome_of(notice, NotificationState.PLANNED, now)
    return outcome_of(notice, NotificationState.DEFERRED, now, reason=notice.waits_for, due_at=notice.due_at)


def outcome_of(
    notice: Notice,
    state: NotificationState,
    now: datetime,
    *,
    reason: str | None = None,
    due_at: datetime | None = None,
) -> NotificationOutcome:
    """One step of one notice."""
    return NotificationOutcome(
        notification_id=notice.id,
        agency=notice.case.agency,
        case_id=notice.case.case_id,
        event_id=notice.event_id,
        sequence=notice.sequence,
        state=state,
        at=now,
        channel=notice.channel,
        reason=reason,
        due_at=due_at,
    )
