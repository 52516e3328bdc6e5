"""Moving what is held about a party to the one that it was merged into."""

from __future__ import annotations

from collections.abc import Mapping

from casebus_consumers.sink.offsets import Cursor

# The access log stays where it is: its entries are chained to each other under the reference that they were made with.
MOVES = (
    """
INSERT INTO seen_cases AS seen (party_ref, agency, case_id, events, seen_at)
SELECT %(to)s, agency, case_id, events, seen_at FROM seen_cases WHERE party_ref = %(old)s
ON CONFLICT (party_ref, agency, case_id) DO UPDATE SET events = excluded.events, seen_at = excluded.seen_at
WHERE seen.events < excluded.events
""",
    "DELETE FROM seen_cases WHERE party_ref = %(old)s",
    "UPDATE notifications SET party_ref = %(to)s WHERE party_ref = %(old)s",
    # A choice of their own counts; else they keep the one that they made under the old number.
    """
INSERT INTO preferences AS stored (party_ref, value)
SELECT %(to)s, jsonb_set(value::jsonb, '{party_ref}', to_jsonb(%(to)s::text))::text FROM preferences
WHERE party_ref = %(old)s AND value IS NOT NULL
ON CONFLICT (party_ref) DO UPDATE SET value = excluded.value, revision = stored.revision + 1
WHERE stored.value IS NULL
""",
    # Whoever merges says in the topic that the old choice is gone, when nothing waits to be told under it any more.
    "DELETE FROM preferences WHERE party_ref = %(old)s",
)


def move_parties(cursor: Cursor, merged: Mapping[str, str]) -> None:
    """Move what is held about each party to the other, in the caller's transaction. Again, it changes nothing."""
    for old, to in merged.items():
        for statement in MOVES:
            cursor.execute(statement, {"old": old, "to": to})
