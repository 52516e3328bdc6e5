"""Erasing a party: when their overview is gone, everything else that is held about them goes with it."""

from __future__ import annotations

from collections.abc import Sequence

from casebus_consumers.sink.offsets import Cursor

# A party that still has an overview is not erased: a member at an earlier epoch's topic met an old tombstone.
GONE = (
    "SELECT ref FROM unnest(%s::text[]) AS gone (ref) WHERE NOT EXISTS (SELECT 1 FROM overviews WHERE party_ref = ref)"
)
DELETE_OTHERS = (
    "SELECT set_config('casebus.erasing', 'on', true)",  # of this transaction only
    "DELETE FROM access_log WHERE party_ref = ANY(%(gone)s)",
    "SELECT set_config('casebus.erasing', 'off', true)",
    "DELETE FROM seen_cases WHERE party_ref = ANY(%(gone)s)",
    "DELETE FROM sessions WHERE party_ref = ANY(%(gone)s)",
    # Who reads the topic must forget it too, so the row waits for its tombstone.
    "UPDATE preferences SET value = NULL, revision = revision + 1"
    " WHERE party_ref = ANY(%(gone)s) AND value IS NOT NULL",
)


def erase_parties(cursor: Cursor, party_refs: Sequence[str]) -> None:
    """Delete what is held about those of ``party_refs`` without an overview, in the caller's transaction."""
    gone = [ref for (ref,) in cursor.execute(GONE, [list(party_refs)])]
    if gone:
        for statement in DELETE_OTHERS:
            cursor.execute(statement, {"gone": gone})
