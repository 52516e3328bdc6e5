"""The sink's target for ``preferences``: what each party wants, as it said last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import psycopg

from casebus_consumers.records import Record
from casebus_consumers.sink.departures import Departures
from casebus_consumers.sink.offsets import Cursor
from casebus_schemas import Preferences, UndecodableError, decode, encode

DEPARTURES = Departures("preferences")

UPSERT = """
INSERT INTO notifier_preferences AS stored (party_ref, updated_at, value)
SELECT * FROM unnest(%s::text[], %s::timestamptz[], %s::bytea[]) AS new (party_ref, updated_at, value)
ORDER BY party_ref
ON CONFLICT (party_ref) DO UPDATE SET updated_at = excluded.updated_at, value = excluded.value
WHERE stored.updated_at <= excluded.updated_at
"""
# Wishes from before a tombstone that is read again may have been read again themselves.
DELETE_OLDER = """
DELETE FROM notifier_preferences AS stored USING unnest(%s::text[], %s::timestamptz[]) AS gone (party_ref, at)
WHERE stored.party_ref = gone.party_ref AND stored.updated_at <= gone.at
"""
FORGET = (
    # In the order in which all of the notifier's transactions lock.
    "DELETE FROM notifier_mailboxes WHERE party_ref = ANY(%s)",
    "DELETE FROM notifier_messages WHERE party_ref = ANY(%s)",
    "DELETE FROM notifier_notices WHERE party_ref = ANY(%s)",
    "DELETE FROM notifier_cases WHERE party_ref = ANY(%s)",
    "DELETE FROM notifier_preferences WHERE party_ref = ANY(%s)",
    "DELETE FROM notifier_sent WHERE party_ref = ANY(%s)",
)


class PreferencesRow(NamedTuple):
    """A party's wishes, and when that was said; None is a tombstone: the party is to be forgotten."""

    party_ref: str
    preferences: Preferences | None
    at: datetime


class PreferencesTarget:
    """Keeps the latest wishes. A tombstone deletes all that the notifier has of a party, what waits included.

    It is remembered that the party is gone: changes of before that may be read later.
    """

    def read(self, record: Record) -> PreferencesRow:
        """The wishes in a record. Raises ``UndecodableError``."""
        key, at = (record.key or b"").decode(errors="replace"), datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
        if record.value is None:
            return PreferencesRow(key, None, at)
        preferences = decode(Preferences, record.value)
        if preferences.party_ref != key:
            raise UndecodableError("party_ref: must be the record's key [preferences.key]")
        return PreferencesRow(key, preferences, at)

    def prepare(self, connection: psycopg.Connection[Any]) -> None:
        """Nothing is needed."""

    def write(self, cursor: Cursor, rows: Sequence[PreferencesRow]) -> Mapping[str, int]:
        """Forget, then store: of each party only the last word in the batch."""
        gone = [row for row in rows if row.preferences is None]
        forgotten = DEPARTURES.note(cursor, {row.party_ref: row.at for row in gone})
        if gone:
            cursor.execute(DELETE_OLDER, [[row.party_ref for row in gone], [row.at for row in gone]])
        latest = {row.party_ref: row.preferences for row in rows}
        kept = [preferences for preferences in latest.values() if preferences is not None]
        if forgotten:
            for statement in FORGET:
                cursor.execute(statement, [forgotten])
        if kept:
            cursor.execute(
                UPSERT,
                [
                    [each.party_ref for each in kept],
                    [each.updated_at for each in kept],
                    [encode(each) for each in kept],
                ],
            )
        return {"updated": len(kept), "deleted": len(forgotten), "superseded": len(rows) - len(latest)}
