"""What the party itself can read of a message to it: when it went, and which cases it told of. Pure."""

from __future__ import annotations

from datetime import datetime

from casebus_consumers.notifier.attempts import MessageState, Result
from casebus_consumers.notifier.entry import announcement
from casebus_schemas import AnnouncedCase, SentNotification, SentState

ENDS = {MessageState.SENT: SentState.SENT, MessageState.FAILED: SentState.FAILED}


def sent_notification(result: Result, now: datetime) -> SentNotification | None:
    """The record of a message that has come to an end; None while it is tried again."""
    if result.state not in ENDS:
        return None
    claimed = result.claimed
    return SentNotification(
        party_ref=claimed.items[0].case.key.party_ref,
        notification_id=claimed.id,
        channel=claimed.channel,
        state=ENDS[result.state],
        at=now,
        cases=tuple(
            AnnouncedCase(agency=item.case.key.agency, case_id=item.case.key.case_id, announced_as=announcement(item))
            for item in claimed.items
        ),
    )
