"""The sink's target for ``changes``: every change is planned, in the transaction that stores its offset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import psycopg

from casebus_consumers.notifier.case_file import key_of
from casebus_consumers.notifier.decision import decide
from casebus_consumers.notifier.moving_store import move_parties
from casebus_consumers.notifier.planning_store import load_ledger, prepare, write_ledger
from casebus_consumers.notifier.preferences_target import DEPARTURES
from casebus_consumers.records import Record
from casebus_consumers.sink.offsets import Cursor
from casebus_schemas import Change, UndecodableError, decode

Clock = Callable[[], datetime]
"""Now, with an offset."""

READ_START = "SELECT started_at FROM notifier_start"


class Received(NamedTuple):
    """A change, and when the bus received the event behind it."""

    change: Change
    received_at: datetime


class ChangeTarget:
    """Plans changes in their order. One that is read again changes nothing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def read(self, record: Record) -> Received:
        """The change in a record. Raises ``UndecodableError``; also for a tombstone, which this topic never has."""
        if record.value is None:
            raise UndecodableError("value: must not be null [change.value]")
        change = decode(Change, record.value)
        if record.key is None or record.key.decode(errors="replace") != change.party_ref:
            raise UndecodableError("party_ref: must be the record's key [change.key]")
        return Received(change, datetime.fromtimestamp(record.timestamp_ms / 1000, UTC))

    def prepare(self, connection: psycopg.Connection[Any]) -> None:
        """Make the connection's temporary tables."""
        prepare(connection)

    def write(self, cursor: Cursor, rows: Sequence[Received]) -> Mapping[str, int]:
        """Decide and store. Counts what became of the changes; ``forgotten`` are those of parties that are."""
        now = self._clock()
        started_at = cursor.execute(READ_START).fetchone()
        departed = DEPARTURES.since(cursor, {row.change.party_ref for row in rows})
        if moves := {row.change.moved_from: row.change.party_ref for row in rows if row.change.moved_from is not None}:
            move_parties(cursor, moves)
        ledger = load_ledger(cursor, {key_of(row.change) for row in rows})
        effects: Counter[str] = Counter()
        for change, received_at in rows:
            if change.party_ref in departed and received_at <= departed[change.party_ref]:
                effects["forgotten"] += 1
                continue
            silenced_by = "before-start" if started_at and received_at < started_at[0] else None
            plan = decide(change, ledger.situation(key_of(change)), now=now, silenced_by=silenced_by)
            if plan is None:
                effects["stale"] += 1
                continue
            ledger.enter(plan, now)
            effects["moved" if change.moved_from else "suppressed" if plan.suppressed else "planned"] += 1
        write_ledger(cursor, ledger, now)
        return effects
