"""The table ``notifications``: what each party was sent, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import psycopg

from casebus_consumers.profile.aliases import read_aliases
from casebus_consumers.profile.database import ProfileDatabase
from casebus_consumers.profile.erasure import DEPARTURES
from casebus_consumers.records import Record
from casebus_consumers.sink.offsets import Cursor
from casebus_schemas import SentNotification, UndecodableError, decode, encode

KEPT = timedelta(days=400)
"""More than a year, so that what comes once a year can be looked up."""

UPSERT = """
INSERT INTO notifications AS stored (notification_id, party_ref, at, value)
SELECT * FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[], %s::text[]) AS new (id, party_ref, at, value)
ORDER BY id
ON CONFLICT (notification_id) DO UPDATE SET at = excluded.at, value = excluded.value WHERE stored.at < excluded.at
"""
DELETE_OLD = "DELETE FROM notifications WHERE at < %s"
READ = """
SELECT value FROM notifications WHERE party_ref = %s AND (at, notification_id) < (%s, %s)
ORDER BY at DESC, notification_id DESC LIMIT %s
"""


class Place(NamedTuple):
    """A notification's place in the list of a party's."""

    at: datetime
    notification_id: UUID


TOP = Place(datetime.max.replace(tzinfo=UTC), UUID(int=0))
"""Before the newest."""


class NotificationRow(NamedTuple):
    """A notification, by the reference it was sent under."""

    party_ref: str
    notification: SentNotification


class NotificationTable:
    """The sink's target. What was sent to a party that is another one now is that one's."""

    def read(self, record: Record) -> NotificationRow:
        """The row in a record. Raises ``UndecodableError``."""
        if record.value is None:
            raise UndecodableError("value: must not be null [notification.value]")
        notification = decode(SentNotification, record.value)
        if record.key is None or record.key.decode(errors="replace") != notification.party_ref:
            raise UndecodableError("party_ref: must be the record's key [notification.key]")
        return NotificationRow(notification.party_ref, notification)

    def prepare(self, connection: psycopg.Connection) -> None:
        """Nothing to prepare."""

    def write(self, cursor: Cursor, rows: Sequence[NotificationRow]) -> Mapping[str, int]:
        """Store the last word on each notification; what was on its way when its party was erased is not stored."""
        parties = sorted({row.party_ref for row in rows})
        aliases = read_aliases(cursor, parties)
        departed = DEPARTURES.since(cursor, parties)
        latest = {row.notification.notification_id: row for row in sorted(rows, key=lambda row: row.notification.at)}
        kept = [row for row in latest.values() if not _is_from_before(departed.get(row.party_ref), row.notification)]
        cursor.execute(
            UPSERT,
            [
                [row.notification.notification_id for row in kept],
                [aliases.get(row.party_ref, row.party_ref) for row in kept],
                [row.notification.at for row in kept],
                [encode(row.notification).decode() for row in kept],
            ],
        )
        cursor.execute(DELETE_OLD, [datetime.now(UTC) - KEPT])
        return {"updated": len(kept), "forgotten": len(latest) - len(kept), "superseded": len(rows) - len(latest)}


def _is_from_before(departed_at: datetime | None, notification: SentNotification) -> bool:
    return departed_at is not None and notification.at <= departed_at


class Notifications:
    """Reading the table from the event loop."""

    def __init__(self, database: ProfileDatabase) -> None:
        self._database = database

    async def of(self, party_ref: str, *, after: Place = TOP, limit: int) -> list[SentNotification]:
        """The newest first, from ``after`` on. Raises ``StoreUnavailableError``."""
        async with self._database.transaction() as cursor:
            await cursor.execute(READ, [party_ref, *after, limit])
            return [decode(SentNotification, value.encode()) for (value,) in await cursor.fetchall()]
