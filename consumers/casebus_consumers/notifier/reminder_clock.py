"""Looks at cases when their time has come, and plans reminders."""

from __future__ import annotations

import threading
from typing import Final

from casebus_consumers.notifier.change_target import Clock
from casebus_consumers.notifier.metrics import NotifierMetrics
from casebus_consumers.notifier.notice import CaseKey
from casebus_consumers.notifier.planning_store import load_ledger, prepare, write_ledger
from casebus_consumers.notifier.reminders import decide_reminder
from casebus_consumers.notifier.repeated_work import repeat
from casebus_consumers.sink import SinkDatabase

FIND: Final = """
SELECT party_ref, agency, case_id FROM notifier_cases WHERE next_look_at <= %s ORDER BY next_look_at LIMIT %s
"""
BATCH: Final = 500
IDLE_SECONDS: Final = 1.0


class ReminderClock:
    """May run in several processes: a case that another one has looked at meanwhile is left alone."""

    def __init__(self, dsn: str, clock: Clock, metrics: NotifierMetrics, *, stop: threading.Event) -> None:
        self._database = SinkDatabase(dsn, prepare)
        self._clock = clock
        self._metrics = metrics
        self._stop = stop

    def run(self) -> None:
        """Look until asked to stop. Blocks."""
        try:
            repeat(
                lambda: self.look() == BATCH,
                name="reminders",
                pause_seconds=IDLE_SECONDS,
                metrics=self._metrics,
                stop=self._stop,
            )
        finally:
            self.close()

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def look(self) -> int:
        """Look at the cases whose time has come, at most ``BATCH``; how many there were. Blocks."""
        with self._database.transaction() as cursor:
            now = self._clock()
            keys = [CaseKey(*row) for row in cursor.execute(FIND, [now, BATCH])]
            if not keys:
                return 0
            ledger = load_ledger(cursor, keys)
            for key in keys:
                situation = ledger.situation(key)
                case = situation.case
                if case is not None and case.next_look_at is not None and case.next_look_at <= now:
                    ledger.enter(decide_reminder(situation, case, now), now)
            write_ledger(cursor, ledger, now)
            self._metrics.reminders.inc(len(ledger.added))
            return len(keys)
