"""The table ``sources``: how fresh each agency is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import psycopg

from casebus_consumers.profile.database import ProfileDatabase
from casebus_consumers.records import Record
from casebus_consumers.sink.offsets import Cursor
from casebus_schemas import SourceFreshness, UndecodableError, decode, encode

READ = "SELECT value FROM sources ORDER BY agency"
DELETE = "DELETE FROM sources WHERE agency = ANY(%s)"
UPSERT = """
INSERT INTO sources (agency, value) SELECT agency, value FROM unnest(%s::text[], %s::text[]) AS new (agency, value)
ON CONFLICT (agency) DO UPDATE SET value = excluded.value
"""


class SourceRow(NamedTuple):
    """An agency's freshness. A None ``value`` is a tombstone: the agency is no longer connected."""

    agency: str
    value: str | None


class SourceTable:
    """The sink's target. The topic has one writer and one partition, so the last record is the latest."""

    def read(self, record: Record) -> SourceRow:
        """The row in a record. Raises ``UndecodableError`` when key or value break the contract."""
        if record.key is None:
            raise UndecodableError("key: must be an agency [source.key]")
        agency = record.key.decode("utf-8", "replace")
        if record.value is None:
            return SourceRow(agency, None)
        freshness = decode(SourceFreshness, record.value)
        if freshness.agency != agency:
            raise UndecodableError("agency: must be the record's key [source.key]")
        return SourceRow(agency, encode(freshness).decode())

    def prepare(self, connection: psycopg.Connection) -> None:
        """Nothing to prepare."""

    def write(self, cursor: Cursor, rows: Sequence[SourceRow]) -> Mapping[str, int]:
        """Write the last word on each agency in the caller's transaction."""
        latest = {row.agency: row.value for row in rows}
        gone = [agency for agency, value in latest.items() if value is None]
        here = {agency: value for agency, value in latest.items() if value is not None}
        cursor.execute(DELETE, [gone])
        cursor.execute(UPSERT, [list(here), list(here.values())])
        return {"updated": len(here), "deleted": len(gone), "superseded": len(rows) - len(latest)}


class Sources:
    """Reading the table from the event loop."""

    def __init__(self, database: ProfileDatabase) -> None:
        self._database = database

    async def all(self) -> list[SourceFreshness]:
        """Every agency that was ever heard of, by its code. Raises ``StoreUnavailableError``."""
        async with self._database.transaction() as cursor:
            await cursor.execute(READ)
            return [decode(SourceFreshness, value.encode()) for (value,) in await cursor.fetchall()]
