"""Bringing the database to this release's schema when a process starts."""

from __future__ import annotations

import threading

import structlog

from casebus_consumers.errors import StopRequestedError
from casebus_consumers.retry import retry
from casebus_consumers.service.background import run_in_thread
from casebus_consumers.sink import apply_migrations
from casebus_consumers.sink.database import CONNECTION_LOST

log = structlog.get_logger(__name__)


async def migrated(dsn: str, *packages: str, stop: threading.Event) -> bool:
    """Apply the migrations of ``packages``; false when asked to stop meanwhile.

    Waits for as long as the database is away. Raises ``MigrationError``, which no further attempt cures.
    """

    def report(error: Exception, wait_seconds: float) -> None:
        log.error("database_away", error=type(error).__name__, wait_seconds=wait_seconds)

    def migrate() -> None:
        retry(lambda: apply_migrations(dsn, *packages), on=CONNECTION_LOST, stop=stop, report=report)

    try:
        await run_in_thread(migrate, name="migrations")
    except StopRequestedError:
        return False
    return True
