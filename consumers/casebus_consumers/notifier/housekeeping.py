"""Counts what waits and what failed, and deletes what has been finished for long."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Final

from casebus_consumers.notifier.change_target import Clock
from casebus_consumers.notifier.metrics import NOTICE_STATES, NotifierMetrics
from casebus_consumers.notifier.preferences_target import DEPARTURES
from casebus_consumers.notifier.repeated_work import repeat
from casebus_consumers.sink import SinkDatabase

COUNT: Final = """
SELECT state, count(*) FROM notifier_notices WHERE state IN ('pending', 'retrying') GROUP BY state
UNION ALL SELECT 'failed', count(*) FROM notifier_messages WHERE state = 'failed'
"""
LONGEST_DUE: Final = "SELECT min(due_at) FROM notifier_mailboxes WHERE due_at <= %s"
DELETE_OLD: Final = (
    "DELETE FROM notifier_messages WHERE finished_at < %s",
    "DELETE FROM notifier_notices WHERE finished_at < %s",
)
INTERVAL_SECONDS: Final = 15.0


class Housekeeping:
    """``keep`` must be longer than the changes topic keeps changes: what is deleted is no longer known as told."""

    def __init__(
        self, dsn: str, clock: Clock, metrics: NotifierMetrics, *, keep: timedelta, stop: threading.Event
    ) -> None:
        self._database = SinkDatabase(dsn, lambda _connection: None)
        self._clock = clock
        self._metrics = metrics
        self._keep = keep
        self._stop = stop

    def run(self) -> None:
        """Keep house until asked to stop. Blocks."""

        def once() -> bool:
            self.keep_house()
            return False

        try:
            repeat(once, name="housekeeping", pause_seconds=INTERVAL_SECONDS, metrics=self._metrics, stop=self._stop)
        finally:
            self._database.close()

    def keep_house(self) -> None:
        """Once. Blocks."""
        now = self._clock()
        with self._database.transaction() as cursor:
            counts = dict(cursor.execute(COUNT).fetchall())
            longest = cursor.execute(LONGEST_DUE, [now]).fetchone()
            for statement in DELETE_OLD:
                cursor.execute(statement, [now - self._keep])
            DEPARTURES.forget(cursor, before=now - self._keep)
        for state in NOTICE_STATES:
            self._metrics.notices.labels(state).set(counts.get(state, 0))
        due_at = longest[0] if longest else None
        self._metrics.overdue.set(0 if due_at is None else (now - due_at).total_seconds())
