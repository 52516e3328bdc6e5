"""Putting messages together from what is due, and taking those that are to be tried again. In PostgreSQL.

Any number of senders work side by side: each takes what no other has locked, and what it took is its own until its
lease ends (``next_attempt_at``). What a dead sender had taken is then taken again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from casebus_consumers.notifier.attempts import Claimed, Patience
from casebus_consumers.notifier.last_check import check, columns_of, write_checked
from casebus_consumers.notifier.message import Item, message_id
from casebus_consumers.notifier.notice import Notice
from casebus_consumers.notifier.records import NOTICE_COLUMNS, notice_from_row
from casebus_consumers.notifier.situation import address
from casebus_consumers.sink.offsets import Cursor
from casebus_schemas import ChannelKind, Preferences

TAKE_MAILBOXES: Final = """
SELECT party_ref, channel FROM notifier_mailboxes WHERE due_at <= %s AND channel = ANY(%s)
ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
"""
# One mailbox after the other: for a join, PostgreSQL walks through all that is pending while its statistics are old.
# Whoever locks pending notices holds their mailboxes, so that no order among mailboxes is needed.
TAKE_DUE_NOTICES: Final = f"""
SELECT due.* FROM unnest(%s::text[], %s::text[]) AS mailbox (party_ref, channel), LATERAL (
    SELECT {NOTICE_COLUMNS} FROM notifier_notices
    WHERE (party_ref, channel) = (mailbox.party_ref, mailbox.channel) AND state = 'pending' AND due_at <= %s
    ORDER BY id FOR UPDATE
) AS due
"""  # noqa: S608 - only constants are put together
TAKE_MESSAGES: Final = """
UPDATE notifier_messages AS stored SET claims = stored.claims + 1, next_attempt_at = %s
FROM (
    SELECT id FROM notifier_messages WHERE state = 'sending' AND next_attempt_at <= %s AND channel = ANY(%s)
    ORDER BY next_attempt_at LIMIT %s FOR UPDATE SKIP LOCKED
) AS due WHERE stored.id = due.id
RETURNING stored.id, stored.party_ref, stored.channel, created_at, give_up_at, claims, failures
"""
TAKE_NOTICES_OF: Final = f"""
SELECT message_id, {NOTICE_COLUMNS} FROM notifier_notices
WHERE message_id = ANY(%s) AND state IN ('sending', 'retrying') ORDER BY id FOR UPDATE
"""  # noqa: S608 - only constants are put together
INSERT_MESSAGES: Final = """
INSERT INTO notifier_messages (id, party_ref, channel, state, created_at, give_up_at, next_attempt_at, claims)
SELECT id, party_ref, channel, 'sending', %s, %s, %s, 1
FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS new (id, party_ref, channel)
"""
SET_SENDING: Final = """
UPDATE notifier_notices AS stored SET state = 'sending', message_id = taken.message_id
FROM unnest(%s::uuid[], %s::uuid[]) AS taken (id, message_id) WHERE stored.id = taken.id
"""
POSTPONE_MESSAGES: Final = """
UPDATE notifier_messages AS stored SET next_attempt_at = later.next_attempt_at
FROM unnest(%s::uuid[], %s::timestamptz[]) AS later (id, next_attempt_at) WHERE stored.id = later.id
"""
CANCEL_MESSAGES: Final = """
UPDATE notifier_messages SET state = 'cancelled', reason = 'case-moved-on', finished_at = %s WHERE id = ANY(%s)
"""
# After its notices have changed, in the same transaction.
SETTLE_MAILBOXES: Final = """
UPDATE notifier_mailboxes AS stored SET
    due_at = (
        SELECT min(notice.due_at) FROM notifier_notices AS notice
        WHERE (notice.party_ref, notice.channel) = (stored.party_ref, stored.channel) AND notice.state = 'pending'
    ),
    last_message_at = CASE WHEN taken.got_message THEN %s ELSE stored.last_message_at END
FROM unnest(%s::text[], %s::text[], %s::boolean[]) AS taken (party_ref, channel, got_message)
WHERE (stored.party_ref, stored.channel) = (taken.party_ref, taken.channel)
"""


class Mailbox(NamedTuple):
    """One channel of one party."""

    party_ref: str
    channel: str


def compose_due(
    cursor: Cursor,
    channels: Sequence[ChannelKind],
    limit: int,
    now: datetime,
    patience: Patience,
) -> list[Claimed]:
    """Make one message for each mailbox with something due, at most ``limit``, and claim it.

    What lost its point since it was planned is cancelled, what comes at a bad time is put off.
    """
    mailboxes = [Mailbox(*row) for row in cursor.execute(TAKE_MAILBOXES, [now, list(channels), limit])]
    if not mailboxes:
        return []
    give_up_at = now + patience.give_up_after
    columns = [[each.party_ref for each in mailboxes], [each.channel for each in mailboxes]]
    notices = [notice_from_row(row) for row in cursor.execute(TAKE_DUE_NOTICES, [*columns, now])]
    preferences, checked = check(cursor, notices, now)
    items: dict[Mailbox, list[Item]] = defaultdict(list)
    for item in checked.sendable:
        items[Mailbox(item.notice.case.party_ref, item.notice.channel)].append(item)
    ids = {mailbox: message_id([item.notice.id for item in theirs]) for mailbox, theirs in items.items()}
    if ids:
        rows = [(id_, *mailbox) for mailbox, id_ in ids.items()]
        cursor.execute(INSERT_MESSAGES, [now, give_up_at, now + patience.lease, *columns_of(rows, 3)])
        taken = [(item.notice.id, ids[mailbox]) for mailbox, theirs in items.items() for item in theirs]
        cursor.execute(SET_SENDING, columns_of(taken, 2))
    write_checked(cursor, checked, now)
    got_message = [mailbox in ids for mailbox in mailboxes]
    cursor.execute(SETTLE_MAILBOXES, [now, *columns, got_message])
    return [
        _claimed(mailbox, (ids[mailbox], now, give_up_at, 1, 0), theirs, preferences)
        for mailbox, theirs in items.items()
    ]


def take_again(
    cursor: Cursor, channels: Sequence[ChannelKind], limit: int, now: datetime, *, lease: timedelta
) -> list[Claimed]:
    """Claim messages whose next attempt is due, or whose sender has died. Their notices are checked like new ones.

    A message shrinks when one of its cases moved on, and is cancelled when nothing is left.
    """
    taken = cursor.execute(TAKE_MESSAGES, [now + lease, now, list(channels), limit]).fetchall()
    if not taken:
        return []
    message_of: dict[UUID, UUID] = {}
    notices: list[Notice] = []
    for id_, *row in cursor.execute(TAKE_NOTICES_OF, [[row[0] for row in taken]]).fetchall():
        notices.append(notice_from_row(tuple(row)))
        message_of[notices[-1].id] = id_
    preferences, checked = check(cursor, notices, now)
    items: dict[UUID, list[Item]] = defaultdict(list)
    for item in checked.sendable:
        items[message_of[item.notice.id]].append(item)
    # A message goes as a whole: when one of its notices must wait, it waits.
    waits = {message_of[notice.id]: verdict.until for notice, verdict in checked.postponed}
    ready = [row for row in taken if row[0] in items and row[0] not in waits]
    empty = [row[0] for row in taken if row[0] not in items and row[0] not in waits]
    if waits:
        cursor.execute(POSTPONE_MESSAGES, columns_of(waits.items(), 2))
    if empty:
        cursor.execute(CANCEL_MESSAGES, [now, empty])
    if ready:
        going = [(item.notice.id, row[0]) for row in ready for item in items[row[0]]]
        cursor.execute(SET_SENDING, columns_of(going, 2))
    write_checked(cursor, checked, now)
    return [
        _claimed(Mailbox(party_ref, channel), (id_, *rest), items[id_], preferences)
        for id_, party_ref, channel, *rest in ready
    ]


def _claimed(
    mailbox: Mailbox, about: tuple[Any, ...], items: Sequence[Item], preferences: Mapping[str, Preferences]
) -> Claimed:
    wishes = preferences[mailbox.party_ref]
    channel = ChannelKind(mailbox.channel)
    id_, created_at, give_up_at, claim, failures = about
    return Claimed(
        id=id_,
        channel=channel,
        address=address(wishes, channel) or "",  # checked just now: without one the notice was dropped
        language=wishes.language,
        created_at=created_at,
        give_up_at=give_up_at,
        claim=claim,
        failures=failures,
        items=items,
    )
