"""Looks at cases when their time has come, and plans reminders."""

from __future__ import annotations

import threading
from typing import Final

import structlog

from casebus_consumers.errors import StopRequestedError
from casebus_consumers.notifier.change_target import Clock
from casebus_consumers.notifier.metrics import NotifierMetrics
from casebus_consumers.notifier.notice import CaseKey
from casebus_consumers.notifier.planning_store import load_ledger, prepare, write_ledger
from casebus_consumers.notifier.reminders import decide_reminder
from casebus_consumers.retry import retry
from casebus_consumers.sink import SinkDatabase
from casebus_consumers.sink.database import CONNECTION_LOST

FIND: Final = """
SELECT party_ref, agency, case_id FROM notifier_cases WHERE next_look_at <= %s ORDER BY next_look_at LIMIT %s
"""
BATCH: Final = 500
IDLE_SECONDS: Final = 1.0

log = structlog.get_logger(__name__)


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
            while not self._stop.is_set():
                if self.look() < BATCH:
                    self._stop.wait(IDLE_SECONDS)
        except StopRequestedError:
            log.info("reminder_clock_stopped_while_waiting")
        finally:
            self.close()

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def look(self) -> int:
        """Look at the cases whose time has come, at most ``BATCH``; how many there were. Blocks."""

        def report(error: Exception, wait_seconds: float) -> None:
            self._metrics.database_retries.inc()
            log.error("database_lost", error=type(error).__name__, wait_seconds=wait_seconds)

        return retry(self._look, on=CONNECTION_LOST, stop=self._stop, report=report)

    def _look(self) -> int:
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
