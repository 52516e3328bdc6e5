"""The notifier's database, and the parts that work on it, one step at a time, with a clock that the test moves."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from prometheus_client import CollectorRegistry
from tests.notifier.worlds import NOON

from casebus_consumers.notifier.attempts import Claimed, MessageState, Patience, Result
from casebus_consumers.notifier.change_target import ChangeTarget, Received
from casebus_consumers.notifier.composing_store import compose_due, take_again
from casebus_consumers.notifier.metrics import NotifierMetrics
from casebus_consumers.notifier.preferences_target import PreferencesRow, PreferencesTarget
from casebus_consumers.notifier.reminder_clock import ReminderClock
from casebus_consumers.notifier.result_store import write_results
from casebus_schemas import (
    Cadence,
    Cadences,
    Change,
    ChannelKind,
    NotificationOutcome,
    Preferences,
    SentNotification,
    decode,
)

IMMEDIATE = Cadences(urgent=Cadence.IMMEDIATE, normal=Cadence.IMMEDIATE)
EMAIL = [ChannelKind.EMAIL]
PATIENCE = Patience()


@dataclass
class Office:
    """The notifier's database, and the parts that work on it, one step at a time."""

    dsn: str
    connection: psycopg.Connection[Any]
    now: datetime = NOON

    def want(self, *preferences: Preferences) -> None:
        with self.connection.transaction(), self.connection.cursor() as cursor:
            PreferencesTarget().write(cursor, [PreferencesRow(each.party_ref, each, self.now) for each in preferences])

    def plan(self, *changes: Change) -> None:
        self.plan_received(self.now, *changes)

    def plan_received(self, received_at: datetime, *changes: Change) -> None:
        """Changes that the bus received earlier than they are read."""
        with self.connection.transaction(), self.connection.cursor() as cursor:
            ChangeTarget(lambda: self.now).write(cursor, [Received(each, received_at) for each in changes])

    def claim(self, *, limit: int = 10) -> list[Claimed]:
        with self.connection.transaction(), self.connection.cursor() as cursor:
            again = take_again(cursor, EMAIL, limit, self.now, lease=PATIENCE.lease)
            return again + compose_due(cursor, EMAIL, limit, self.now, PATIENCE)

    def settle(
        self, claimed: Claimed, state: MessageState, *, at: datetime | None = None, is_attempt: bool = True
    ) -> int:
        with self.connection.transaction(), self.connection.cursor() as cursor:
            result = Result(claimed, state, at or self.now, "smtp-451", is_attempt=is_attempt)
            return write_results(cursor, [result], self.now)

    def look(self) -> None:
        metrics = NotifierMetrics(CollectorRegistry())
        with closing(ReminderClock(self.dsn, lambda: self.now, metrics, stop=threading.Event())) as clock:
            clock.look()

    def outcomes(self) -> list[str]:
        rows = self.connection.execute("SELECT value FROM notifier_outcomes ORDER BY id").fetchall()
        told = [decode(NotificationOutcome, value) for (value,) in rows]
        return [str(each.state) if each.reason is None else f"{each.state} {each.reason}" for each in told]

    def forget(self, party_ref: str, *, at: datetime | None = None) -> None:
        with self.connection.transaction(), self.connection.cursor() as cursor:
            PreferencesTarget().write(cursor, [PreferencesRow(party_ref, None, at or self.now)])

    def told(self) -> list[SentNotification]:
        """What parties will be able to read."""
        rows = self.connection.execute("SELECT value FROM notifier_sent ORDER BY id").fetchall()
        return [decode(SentNotification, value) for (value,) in rows]

    def holds(self, party_ref: str) -> list[str]:
        """The tables in which the party is named."""
        tables = ("preferences", "cases", "mailboxes", "messages", "notices", "sent")
        query = "SELECT 1 FROM notifier_{} WHERE party_ref = %s LIMIT 1"
        return [
            table for table in tables if self.connection.execute(query.format(table).encode(), [party_ref]).fetchone()
        ]

    def failures(self) -> list[int]:
        return [row[0] for row in self.connection.execute("SELECT failures FROM notifier_messages").fetchall()]
