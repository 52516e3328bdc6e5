"""The sink's target for ``preferences``: what each party wants, as it said last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import psycopg

from casebus_consumers.records import Record
from casebus_consumers.sink.offsets import Cursor
from casebus_schemas import Preferences, UndecodableError, decode, encode

UPSERT = """
INSERT INTO notifier_preferences AS stored (party_ref, updated_at, value)
SELECT * FROM unnest(%s::text[], %s::timestamptz[], %s::bytea[]) AS new (party_ref, updated_at, value)
ORDER BY party_ref
ON CONFLICT (party_ref) DO UPDATE SET updated_at = excluded.updated_at, value = excluded.value
WHERE stored.updated_at <= excluded.updated_at
"""
FORGET = (
    # In the order in which all of the notifier's transactions lock.
    "DELETE FROM notifier_mailboxes WHERE party_ref = ANY(%s)",
    "DELETE FROM notifier_messages WHERE party_ref = ANY(%s)",
    "DELETE FROM notifier_notices WHERE party_ref = ANY(%s)",
    "DELETE FROM notifier_cases WHERE party_ref = ANY(%s)",
    "DELETE FROM notifier_preferences WHERE party_ref = ANY(%s)",
)


class PreferencesRow(NamedTuple):
    """A party's wishes; None is a tombstone: the party is to be forgotten."""

    party_ref: str
    preferences: Preferences | None


class PreferencesTarget:
    """Keeps the latest wishes. A tombstone deletes all that the notifier has of a party, what waits included."""

    def read(self, record: Record) -> PreferencesRow:
        """The wishes in a record. Raises ``UndecodableError``."""
        key = (record.key or b"").decode(errors="replace")
        if record.value is None:
            return PreferencesRow(key, None)
        preferences = decode(Preferences, record.value)
        if preferences.party_ref != key:
            raise UndecodableError("party_ref: must be the record's key [preferences.key]")
        return PreferencesRow(key, preferences)

    def prepare(self, connection: psycopg.Connection[Any]) -> None:
        """Nothing is needed."""

    def write(self, cursor: Cursor, rows: Sequence[PreferencesRow]) -> Mapping[str, int]:
        """Forget, then store: of each party only the last word in the batch."""
        forgotten = sorted({row.party_ref for row in rows if row.preferences is None})
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
