"""Erasing a party: when their overview is gone, everything else that is held about them goes with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from casebus_consumers.profile.aliases import delete_aliases
from casebus_consumers.sink.departures import Departures
from casebus_consumers.sink.offsets import Cursor

DEPARTURES = Departures("overviews")
REMEMBERED = timedelta(days=60)
"""Longer than a tombstone is kept in the overviews topic, and than a notification is in its own."""

DELETE_OTHERS = (
    "SELECT set_config('casebus.erasing', 'on', true)",  # of this transaction only
    "DELETE FROM access_log WHERE party_ref = ANY(%(gone)s)",
    "SELECT set_config('casebus.erasing', 'off', true)",
    "DELETE FROM seen_cases WHERE party_ref = ANY(%(gone)s)",
    "DELETE FROM notifications WHERE party_ref = ANY(%(gone)s)",
    "DELETE FROM sessions WHERE party_ref = ANY(%(gone)s)",
    # Who reads the topic must forget the party too, also one without a choice: so the row waits for its tombstone.
    """
INSERT INTO preferences AS stored (party_ref, value) SELECT gone, NULL FROM unnest(%(gone)s::text[]) AS gone
ON CONFLICT (party_ref) DO UPDATE SET value = NULL, revision = stored.revision + 1
""",
)


def erase_parties(cursor: Cursor, erased: Mapping[str, datetime]) -> None:
    """Delete what is held about the parties that were erased then, in the caller's transaction.

    A tombstone that is read again, from the beginning of the topic or from that of an earlier epoch, erases nothing:
    what is held now came after it.
    """
    gone = DEPARTURES.note(cursor, erased)
    DEPARTURES.forget(cursor, before=max(erased.values()) - REMEMBERED)
    if not gone:
        return
    delete_aliases(cursor, gone)
    for statement in DELETE_OTHERS:
        cursor.execute(statement, {"gone": gone})
