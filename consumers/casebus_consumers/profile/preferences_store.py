"""What parties chose, in PostgreSQL; from there it is published."""

from __future__ import annotations

from casebus_consumers.profile.database import ProfileDatabase
from casebus_schemas import Preferences, decode, encode

READ = "SELECT value FROM preferences WHERE party_ref = %s"
WRITE = """
INSERT INTO preferences AS stored (party_ref, value) VALUES (%s, %s)
ON CONFLICT (party_ref) DO UPDATE SET value = excluded.value, revision = stored.revision + 1
"""


class PreferencesStore:
    """The table ``preferences``, which is also the outbox of the topic. Its methods raise ``StoreUnavailableError``."""

    def __init__(self, database: ProfileDatabase) -> None:
        self._database = database

    async def get(self, party_ref: str) -> Preferences | None:
        """What the party chose; None when they chose nothing."""
        async with self._database.transaction() as cursor:
            await cursor.execute(READ, [party_ref])
            row = await cursor.fetchone()
        return None if row is None or row[0] is None else decode(Preferences, row[0].encode())

    async def put(self, preferences: Preferences) -> None:
        """Store a choice; ``PreferencesPublisher`` publishes it, in whichever process it runs."""
        async with self._database.transaction() as cursor:
            await cursor.execute(WRITE, [preferences.party_ref, encode(preferences).decode()])
