"""Parties that are gone, erased or moved, remembered without naming them. In the caller's transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from casebus_consumers.sink.offsets import Cursor

NOTE: Final = """
INSERT INTO sink_departures AS stored (topic, party_digest, departed_at)
SELECT %s, * FROM unnest(%s::bytea[], %s::timestamptz[]) AS new (party_digest, departed_at) ORDER BY party_digest
ON CONFLICT (topic, party_digest) DO UPDATE SET departed_at = excluded.departed_at
WHERE stored.departed_at < excluded.departed_at
RETURNING party_digest
"""
READ: Final = "SELECT party_digest, departed_at FROM sink_departures WHERE topic = %s AND party_digest = ANY(%s)"
FORGET: Final = "DELETE FROM sink_departures WHERE topic = %s AND departed_at < %s"


class Departures:
    """What the tombstones of one kind of topic, ``overviews`` or ``preferences``, said of parties."""

    def __init__(self, topic: str) -> None:
        self._topic = topic

    def note(self, cursor: Cursor, departures: Mapping[str, datetime]) -> list[str]:
        """Keep that these parties are gone since then. Of which of them that is news: the others' is read again."""
        digests = {digest(party_ref): party_ref for party_ref in departures}
        times = [departures[party_ref] for party_ref in digests.values()]
        rows = cursor.execute(NOTE, [self._topic, list(digests), times])
        return sorted(digests[bytes(row[0])] for row in rows)

    def since(self, cursor: Cursor, party_refs: Collection[str]) -> dict[str, datetime]:
        """Since when those of ``party_refs`` are gone that ever were."""
        digests = {digest(party_ref): party_ref for party_ref in party_refs}
        return {digests[bytes(row[0])]: row[1] for row in cursor.execute(READ, [self._topic, list(digests)])}

    def forget(self, cursor: Cursor, *, before: datetime) -> None:
        """Forget who is gone since longer than any record is kept that may still name them."""
        cursor.execute(FORGET, [self._topic, before])


def digest(party_ref: str) -> bytes:
    """What stands for a party here: who looks for the reference of one that was erased finds none."""
    return hashlib.sha256(party_ref.encode()).digest()
