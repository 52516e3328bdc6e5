"""Parties that were merged into another: who logs in under the old number is the new party from then on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import psycopg

from casebus_consumers.profile.identity import Identity
from casebus_consumers.sink.offsets import Cursor

CHANNEL = "casebus_aliases"
MOST_STEPS = 20
"""Chains are as long as a party was merged often, which is once or twice; a ring would be a fault."""

STORE = """
INSERT INTO aliases AS stored (party_ref, merged_into)
SELECT party_ref, merged_into FROM unnest(%s::text[], %s::text[]) AS new (party_ref, merged_into) ORDER BY party_ref
ON CONFLICT (party_ref) DO UPDATE SET merged_into = excluded.merged_into
WHERE stored.merged_into <> excluded.merged_into
RETURNING party_ref, merged_into
"""
DELETE = "DELETE FROM aliases WHERE party_ref = ANY(%s) RETURNING party_ref"
NOTIFY = "SELECT pg_notify(%s, payload) FROM unnest(%s::text[]) AS payload"
READ = "SELECT party_ref, merged_into FROM aliases"
READ_OF = "SELECT party_ref, merged_into FROM aliases WHERE party_ref = ANY(%s)"


class Aliases:
    """All aliases there are, in memory: some hundred bytes each, and there are as many as double registrations.

    ``OverviewSignals`` keeps them: read whole at each connection, then told of each that is stored.
    """

    def __init__(self) -> None:
        self._targets: dict[str, str] = {}

    def resolved(self, identity: Identity) -> Identity:
        """``identity`` as the party that it is now."""
        party_ref = follow(self._targets, identity.party_ref)
        return identity if party_ref == identity.party_ref else replace(identity, party_ref=party_ref)

    async def load(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Read all of them."""
        rows = await (await connection.execute(READ)).fetchall()
        self._targets = dict(rows)

    def note(self, payload: str) -> None:
        """Take what was announced: one that was stored, or deleted."""
        party_ref, _, merged_into = payload.partition(">")
        if merged_into:
            self._targets[party_ref] = merged_into
        else:
            self._targets.pop(party_ref, None)


def follow(targets: Mapping[str, str], party_ref: str) -> str:
    """Who ``party_ref`` is now, over any number of merges. Pure."""
    for _ in range(MOST_STEPS):
        if party_ref not in targets:
            return party_ref
        party_ref = targets[party_ref]
    return party_ref


def store_aliases(cursor: Cursor, aliases: Mapping[str, str]) -> dict[str, str]:
    """Store and announce, in the caller's transaction; those that are new."""
    new: dict[str, str] = dict(cursor.execute(STORE, [list(aliases), list(aliases.values())]).fetchall())
    _announce(cursor, [f"{party_ref}>{merged_into}" for party_ref, merged_into in new.items()])
    return new


def delete_aliases(cursor: Cursor, party_refs: Sequence[str]) -> None:
    """The parties are themselves again."""
    gone = cursor.execute(DELETE, [list(party_refs)]).fetchall()
    _announce(cursor, [f"{party_ref}>" for (party_ref,) in gone])


def read_aliases(cursor: Cursor, party_refs: Sequence[str]) -> dict[str, str]:
    """Those of ``party_refs`` that are aliases, with what they stand for now."""
    found: dict[str, str] = {}
    asked = list(party_refs)
    for _ in range(MOST_STEPS):
        rows: dict[str, str] = dict(cursor.execute(READ_OF, [asked]).fetchall())
        found |= rows
        asked = [target for target in rows.values() if target not in found]
        if not asked:
            break
    return {party_ref: follow(found, party_ref) for party_ref in party_refs if party_ref in found}


def _announce(cursor: Cursor, payloads: Sequence[str]) -> None:
    if payloads:
        cursor.execute(NOTIFY, [CHANNEL, list(payloads)])
