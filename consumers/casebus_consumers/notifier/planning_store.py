"""Reading into a ledger what a batch of decisions needs, and writing what it came to, in the caller's transaction.

Every transaction of the notifier locks in one order, and within each table by primary key: mailboxes, messages,
notices, cases. So two of them never wait for each other.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

import psycopg

from casebus_consumers.notifier.ledger import Ledger
from casebus_consumers.notifier.notice import CaseKey
from casebus_consumers.notifier.records import (
    CASE_COLUMNS,
    NOTICE_COLUMNS,
    case_from_row,
    case_to_row,
    notice_from_row,
    notice_to_row,
)
from casebus_consumers.sink.offsets import Cursor
from casebus_schemas import ChannelKind, NotificationOutcome, Preferences, decode, encode

TEMPORARY_TABLES: Final = """
CREATE TEMPORARY TABLE incoming_cases (LIKE notifier_cases) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE incoming_notices (LIKE notifier_notices) ON COMMIT DELETE ROWS;
"""
READ_PREFERENCES: Final = "SELECT party_ref, value FROM notifier_preferences WHERE party_ref = ANY(%s)"
LOCK_MAILBOXES: Final = """
SELECT party_ref, channel, last_message_at FROM notifier_mailboxes
WHERE party_ref = ANY(%s) ORDER BY party_ref, channel FOR UPDATE
"""
LOCK_PENDING: Final = f"""
SELECT {NOTICE_COLUMNS} FROM notifier_notices
WHERE party_ref = ANY(%s) AND state IN ('pending', 'retrying') ORDER BY id FOR UPDATE
"""  # noqa: S608 - only constants are put together
LOCK_CASES: Final = f"""
SELECT {CASE_COLUMNS} FROM notifier_cases
WHERE (party_ref, agency, case_id) IN (SELECT * FROM unnest(%s::text[], %s::text[], %s::text[]))
ORDER BY party_ref, agency, case_id FOR UPDATE
"""  # noqa: S608 - only constants are put together
CANCEL: Final = """
UPDATE notifier_notices AS stored SET state = 'cancelled', reason = cancelled.reason, finished_at = %s
FROM unnest(%s::uuid[], %s::text[]) AS cancelled (id, reason) WHERE stored.id = cancelled.id
"""
COPY_NOTICES: Final = f"COPY incoming_notices ({NOTICE_COLUMNS}, state, reason, created_at, finished_at) FROM STDIN"
INSERT_NOTICES: Final = "INSERT INTO notifier_notices SELECT * FROM incoming_notices ORDER BY id ON CONFLICT DO NOTHING"
COPY_CASES: Final = f"COPY incoming_cases ({CASE_COLUMNS}) FROM STDIN"
UPSERT_CASES: Final = """
INSERT INTO notifier_cases SELECT * FROM incoming_cases ORDER BY party_ref, agency, case_id
ON CONFLICT (party_ref, agency, case_id) DO UPDATE SET
    change_id = excluded.change_id, event_id = excluded.event_id, sequence = excluded.sequence,
    epoch = excluded.epoch, version = excluded.version, is_told = excluded.is_told,
    next_look_at = excluded.next_look_at, state = excluded.state
"""
UPSERT_MAILBOXES: Final = """
INSERT INTO notifier_mailboxes AS stored (party_ref, channel, due_at)
SELECT party_ref, channel, min(due_at)
FROM unnest(%s::text[], %s::text[], %s::timestamptz[]) AS due (party_ref, channel, due_at)
GROUP BY party_ref, channel ORDER BY party_ref, channel
ON CONFLICT (party_ref, channel) DO UPDATE SET due_at = LEAST(stored.due_at, excluded.due_at)
"""
INSERT_OUTCOMES: Final = """
INSERT INTO notifier_outcomes (agency, case_id, value) SELECT * FROM unnest(%s::text[], %s::text[], %s::bytea[])
"""


def prepare(connection: psycopg.Connection[Any]) -> None:
    """Make the connection's temporary tables. The notifier's own must exist."""
    connection.execute(TEMPORARY_TABLES)


def load_ledger(cursor: Cursor, keys: Collection[CaseKey]) -> Ledger:
    """What is stored about these cases, locked until the transaction ends. Blocks while a sender has their party."""
    parties = sorted({key.party_ref for key in keys})
    ledger = Ledger(preferences=read_preferences(cursor, parties), last_messages=_lock_mailboxes(cursor, parties))
    pending = [notice_from_row(row) for row in cursor.execute(LOCK_PENDING, [parties])]
    ledger.load(lock_cases(cursor, keys).values(), pending)
    return ledger


def write_ledger(cursor: Cursor, ledger: Ledger, now: datetime) -> None:
    """Store what a batch came to."""
    stored = [id_ for id_ in ledger.cancelled if id_ not in ledger.added]
    if stored:
        cursor.execute(CANCEL, [now, stored, [ledger.cancelled[id_] for id_ in stored]])
    if ledger.added:
        _insert_notices(cursor, ledger, now)
    if ledger.changed_cases:
        with cursor.copy(COPY_CASES) as copy:
            for case in ledger.changed_cases.values():
                copy.write_row(case_to_row(case))
        cursor.execute(UPSERT_CASES)
    write_outcomes(cursor, ledger.outcomes)


def read_preferences(cursor: Cursor, parties: Collection[str]) -> dict[str, Preferences]:
    """The wishes of those parties that have any."""
    cursor.execute(READ_PREFERENCES, [list(parties)])
    return {party_ref: decode(Preferences, value) for party_ref, value in cursor}


def lock_cases(cursor: Cursor, keys: Collection[CaseKey]) -> dict[CaseKey, Any]:
    """The files of those cases that have one, locked until the transaction ends."""
    columns = [list(column) for column in zip(*keys, strict=True)] or [[], [], []]
    files = [case_from_row(row) for row in cursor.execute(LOCK_CASES, columns)]
    return {case.key: case for case in files}


def write_outcomes(cursor: Cursor, outcomes: Collection[NotificationOutcome]) -> None:
    """Keep outcomes for the relay to publish."""
    if outcomes:
        rows = [(outcome.agency, outcome.case_id, encode(outcome)) for outcome in outcomes]
        cursor.execute(INSERT_OUTCOMES, [list(column) for column in zip(*rows, strict=True)])


def _lock_mailboxes(cursor: Cursor, parties: Collection[str]) -> dict[str, dict[ChannelKind, datetime]]:
    last_messages: dict[str, dict[ChannelKind, datetime]] = {}
    for party_ref, channel, at in cursor.execute(LOCK_MAILBOXES, [list(parties)]):
        if at is not None:
            last_messages.setdefault(party_ref, {})[ChannelKind(channel)] = at
    return last_messages


def _insert_notices(cursor: Cursor, ledger: Ledger, now: datetime) -> None:
    with cursor.copy(COPY_NOTICES) as copy:
        for id_, notice in ledger.added.items():
            reason = ledger.cancelled.get(id_)
            end = ("pending", None, now, None) if reason is None else ("cancelled", reason, now, now)
            copy.write_row((*notice_to_row(notice), *end))
    cursor.execute(INSERT_NOTICES)
    waiting = [notice for id_, notice in ledger.added.items() if id_ not in ledger.cancelled]
    if waiting:
        rows = [(notice.case.party_ref, notice.channel.value, notice.due_at) for notice in waiting]
        cursor.execute(UPSERT_MAILBOXES, [list(column) for column in zip(*rows, strict=True)])
