"""What an operator sees of messages and may do about failed ones. In PostgreSQL; nothing here names a citizen."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from casebus_consumers.sink.offsets import Cursor
from casebus_schemas import ChannelKind

ListedState = Literal["sending", "failed"]

LIST: Final = """
SELECT message.id, message.channel, message.state, message.failures, message.reason, message.created_at,
    message.next_attempt_at, array_agg(DISTINCT notice.agency || ' ' || notice.case_id)
FROM notifier_messages AS message JOIN notifier_notices AS notice ON notice.message_id = message.id
WHERE message.state = %s GROUP BY message.id ORDER BY message.created_at LIMIT %s
"""
REVIVE: Final = """
UPDATE notifier_messages SET state = 'sending', next_attempt_at = %s, give_up_at = %s, failures = 0, finished_at = NULL
WHERE state = 'failed' AND (id = ANY(%s) OR %s) RETURNING id
"""
REVIVE_NOTICES: Final = """
UPDATE notifier_notices SET state = 'retrying', reason = NULL, finished_at = NULL
WHERE message_id = ANY(%s) AND state = 'failed'
"""


@dataclass(frozen=True, slots=True)
class ListedMessage:
    """A message that was not sent. ``cases`` are ``<agency> <case id>``."""

    id: UUID
    channel: ChannelKind
    state: ListedState
    failures: int
    reason: str | None
    created_at: datetime
    next_attempt_at: datetime
    cases: tuple[str, ...]


def unsent_messages(cursor: Cursor, state: ListedState, limit: int) -> list[ListedMessage]:
    """Messages that failed, or that are being sent or tried again; the oldest first."""
    return [
        ListedMessage(row[0], ChannelKind(row[1]), row[2], row[3], row[4], row[5], row[6], tuple(sorted(row[7])))
        for row in cursor.execute(LIST, [state, limit])
    ]


def retry_messages(
    cursor: Cursor, ids: Collection[UUID] | None, now: datetime, *, give_up_after: timedelta
) -> list[UUID]:
    """Let failed messages be tried again from now on, all of them when ``ids`` is None; which ones they were.

    What they are about is checked again first, as ever: one whose cases have moved on is cancelled.
    """
    revived = cursor.execute(REVIVE, [now, now + give_up_after, list(ids or ()), ids is None])
    found = [row[0] for row in revived]
    cursor.execute(REVIVE_NOTICES, [found])
    return found
