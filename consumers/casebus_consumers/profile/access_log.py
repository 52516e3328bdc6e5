"""The log of who looked at what of a party, for that party to read: append-only, each entry chained to the last."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from casebus_consumers.profile.database import ProfileDatabase
from casebus_consumers.profile.identity import Identity
from casebus_producers.audit.hash_chain import Link, breaks

APPEND = "SELECT append_access(%s, %s, %s, %s)"
# With what was written down under references that are this party now: their chains stay as they are. Chain by chain,
# since a join would make PostgreSQL expect so many rows that it reads the whole table.
READ = """
WITH RECURSIVE known_as AS (
    SELECT %s::text AS party_ref
    UNION SELECT aliases.party_ref FROM aliases JOIN known_as ON aliases.merged_into = known_as.party_ref
)
SELECT known_as.party_ref, sequence, at, action, client, hash FROM known_as CROSS JOIN LATERAL (
    SELECT * FROM access_log WHERE access_log.party_ref = known_as.party_ref AND (at, sequence, hash) < (%s, %s, %s)
    ORDER BY at DESC, sequence DESC, hash DESC LIMIT %s
) AS entry ORDER BY at DESC, sequence DESC, hash DESC LIMIT %s
"""
TIME_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"
REMEMBERED = 100_000
REPEATED_WITHIN_SECONDS = 3600.0


class AccessPlace(NamedTuple):
    """An entry's place in what a party reads. The hash tells entries of two chains apart."""

    at: datetime
    sequence: int
    hash: bytes


NEWEST = AccessPlace(datetime.max.replace(tzinfo=UTC), 0, b"")
"""Where the list begins."""


class AccessEntry(NamedTuple):
    """One access. ``client`` is the programme that asked, ``page`` for this service's own; ``hash`` is hexadecimal.

    ``party_ref`` names the chain: the party's own, or that of a party that was merged into it. ``at`` is written as
    the hash covers it: in UTC, with six decimals, ``2026-11-24T12:00:00.000000Z``.
    """

    party_ref: str
    sequence: int
    at: str
    action: str
    client: str
    hash: str


class AccessLog:
    """Appends to and reads the table ``access_log``.

    The same action by the same client, repeated within an hour, is one entry: a portal that asks every minute would
    otherwise bury what matters. Another process that serves the same party writes an entry of its own.
    """

    def __init__(self, database: ProfileDatabase, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        self._recent: OrderedDict[tuple[str, str, str], float] = OrderedDict()

    async def record(self, identity: Identity, action: str, *, is_repeatable: bool = True) -> None:
        """Write the access down before it is served. Raises ``StoreUnavailableError``: then it must not be served.

        Not ``is_repeatable``: each time counts, for what changes something.
        """
        now = self._clock()
        key = (identity.party_ref, action, identity.client)
        if is_repeatable and now - self._recent.get(key, float("-inf")) < REPEATED_WITHIN_SECONDS:
            return
        async with self._database.transaction() as cursor:
            await cursor.execute(
                APPEND, [identity.party_ref, datetime.fromtimestamp(now, UTC), action, identity.client]
            )
        self._recent[key] = now
        self._recent.move_to_end(key)
        if len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)

    async def read(self, party_ref: str, *, after: AccessPlace = NEWEST, limit: int) -> list[AccessEntry]:
        """The newest first, from ``after`` on, of all parties that are this one now. Raises ``StoreUnavailableError``.

        Costs as much as there are entries: some milliseconds for those of a year.
        """
        async with self._database.transaction() as cursor:
            await cursor.execute(READ, [party_ref, *after, limit, limit])
            rows = await cursor.fetchall()
        return [
            AccessEntry(chain, sequence, at.astimezone(UTC).strftime(TIME_FORM), action, client, digest.hex())
            for chain, sequence, at, action, client, digest in rows
        ]


def is_chained(entries: Iterable[AccessEntry], *, previous_hash: str = "") -> bool:
    """Whether ``entries`` of one chain, by sequence, follow each other and the entry with ``previous_hash``. Pure.

    An entry's hash is SHA-256 over the bytes of the hash before it (none for the first) and, a line each without the
    last line end, its sequence, time, action and client.
    """
    links = [Link(entry.sequence, _content(entry), entry.hash) for entry in entries]
    before = links[0].sequence - 1 if links and previous_hash else 0
    return next(breaks(links, previous_sequence=before, previous_hash=previous_hash), None) is None


def _content(entry: AccessEntry) -> bytes:
    return "\n".join([str(entry.sequence), entry.at, entry.action, entry.client]).encode()
