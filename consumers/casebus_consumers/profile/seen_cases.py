"""How far a party has read: which of their cases have news."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from casebus_consumers.profile.database import ProfileDatabase

READ = "SELECT agency, case_id, events, seen_at FROM seen_cases WHERE party_ref = %s ORDER BY agency, case_id"
# Never back: the slower of two windows must not make read news unread again.
MARK = """
INSERT INTO seen_cases AS seen (party_ref, agency, case_id, events) VALUES (%s, %s, %s, %s)
ON CONFLICT (party_ref, agency, case_id) DO UPDATE SET events = excluded.events, seen_at = now()
WHERE seen.events < excluded.events
"""


class SeenCase(NamedTuple):
    """How many of a case's events the party has seen, and when they last saw a new one."""

    agency: str
    case_id: str
    events: int
    seen_at: datetime


class SeenCases:
    """The table ``seen_cases``. Its methods raise ``StoreUnavailableError``."""

    def __init__(self, database: ProfileDatabase) -> None:
        self._database = database

    async def of(self, party_ref: str) -> dict[str, SeenCase]:
        """What the party has seen, by ``<agency>/<case id>``."""
        async with self._database.transaction() as cursor:
            await cursor.execute(READ, [party_ref])
            seen = [SeenCase(*row) for row in await cursor.fetchall()]
        return {f"{each.agency}/{each.case_id}": each for each in seen}

    async def mark(self, party_ref: str, agency: str, case_id: str, events: int) -> None:
        """The party has seen the case's first ``events`` events."""
        async with self._database.transaction() as cursor:
            await cursor.execute(MARK, [party_ref, agency, case_id, events])


def unread(case: Mapping[str, Any], seen: SeenCase | None) -> int:
    """How many events of a case (as in an overview) the party has not seen. Pure."""
    return max(0, int(case["events"]) - (0 if seen is None else seen.events))
