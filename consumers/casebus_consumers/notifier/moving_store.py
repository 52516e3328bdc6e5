"""Moving what is known of a party to another one, when the two turn out to be one. In PostgreSQL.

What waits to be told waits on under the other reference, with the ids it has: nothing is told twice, and nothing is
forgotten. Locks as all the notifier's transactions do: mailboxes, messages, notices, cases.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from casebus_consumers.notifier.planning_store import LOCK_MAILBOXES, read_preferences
from casebus_consumers.sink.offsets import Cursor
from casebus_schemas import encode

MOVES: Final = (
    """
INSERT INTO notifier_mailboxes AS stored (party_ref, channel, due_at, last_message_at)
SELECT %(to)s, channel, due_at, last_message_at FROM notifier_mailboxes WHERE party_ref = %(old)s ORDER BY channel
ON CONFLICT (party_ref, channel) DO UPDATE SET
    due_at = LEAST(stored.due_at, excluded.due_at),
    last_message_at = GREATEST(stored.last_message_at, excluded.last_message_at)
""",
    "DELETE FROM notifier_mailboxes WHERE party_ref = %(old)s",
    "UPDATE notifier_messages SET party_ref = %(to)s WHERE party_ref = %(old)s",
    "UPDATE notifier_notices SET party_ref = %(to)s WHERE party_ref = %(old)s",
    # Versions are a party's own: those of the other begin anew.
    """
INSERT INTO notifier_cases AS stored
SELECT %(to)s, agency, case_id, change_id, event_id, sequence, 0, 0, is_told, next_look_at, state
FROM notifier_cases WHERE party_ref = %(old)s ORDER BY agency, case_id
ON CONFLICT (party_ref, agency, case_id) DO UPDATE SET is_told = stored.is_told OR excluded.is_told
""",
    "DELETE FROM notifier_cases WHERE party_ref = %(old)s",
    "UPDATE notifier_sent SET party_ref = %(to)s WHERE party_ref = %(old)s",
)
KEEP_PREFERENCES: Final = """
INSERT INTO notifier_preferences (party_ref, updated_at, value) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING
"""


def move_parties(cursor: Cursor, moves: Mapping[str, str]) -> None:
    """Move what is known of each old party to the other; one of whom nothing is known changes nothing.

    The other party keeps wishes of its own, and gets those of the old one when it has none.
    """
    cursor.execute(LOCK_MAILBOXES, [sorted({*moves, *moves.values()})]).fetchall()
    wishes = read_preferences(cursor, moves)
    for old, to in sorted(moves.items()):
        for statement in MOVES:
            cursor.execute(statement, {"old": old, "to": to})
        if old in wishes:
            moved = wishes[old].model_copy(update={"party_ref": to})
            cursor.execute(KEEP_PREFERENCES, [to, moved.updated_at, encode(moved)])
