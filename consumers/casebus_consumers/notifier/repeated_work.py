"""Work on the database that is done again and again, and goes on by itself after the database was away."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from casebus_consumers.errors import StopRequestedError
from casebus_consumers.notifier.metrics import NotifierMetrics
from casebus_consumers.retry import retry
from casebus_consumers.sink.database import CONNECTION_LOST

log = structlog.get_logger(__name__)


def repeat(
    work: Callable[[], bool], *, name: str, pause_seconds: float, metrics: NotifierMetrics, stop: threading.Event
) -> None:
    """Call ``work`` until ``stop`` is set, at once as long as it says that there is more to do. Blocks.

    A lost database is counted, logged and waited for; any other error passes through.
    """

    def report(error: Exception, wait_seconds: float) -> None:
        metrics.database_retries.inc()
        log.error("database_lost", error=type(error).__name__, wait_seconds=wait_seconds)

    try:
        while not stop.is_set():
            if not retry(work, on=CONNECTION_LOST, stop=stop, report=report):
                stop.wait(pause_seconds)
    except StopRequestedError:
        log.info("stopped_while_database_was_away", work=name)
