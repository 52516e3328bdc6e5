"""The outbox in SQLite: for an agency's application on one machine."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from casebus_producers.outbox.errors import OutboxSettingError, OutboxUnavailableError
from casebus_producers.outbox.store import OutboxRow
from casebus_producers.outbox.table import TABLE, Database, create_statements

_LOOK_EVERY_SECONDS: Final = 0.05
_LOCK_PATIENCE_SECONDS: Final = 10.0
_READ_ROWS: Final = f"""
    SELECT id, aggregateid, payload, created_at FROM {TABLE}
    WHERE aggregatetype = ? AND problem IS NULL ORDER BY position LIMIT ?"""  # noqa: S608 nothing but constants
_COUNT: Final = f"SELECT count(*) FILTER (WHERE problem IS NULL), count(problem) FROM {TABLE} WHERE aggregatetype = ?"  # noqa: S608 a constant


class SqliteClaim:
    """Rows that are this relay's because it is the only one at work."""

    def __init__(self, connection: sqlite3.Connection, rows: Sequence[OutboxRow]) -> None:
        self.rows = rows
        self._connection = connection

    def settle(self, *, sent: Sequence[str], refused: Mapping[str, str]) -> None:
        """See ``Claim``: a short transaction of its own, so that the application never waits for Kafka."""
        with self._connection as transaction:
            transaction.executemany(f"DELETE FROM {TABLE} WHERE id = ?", [(row_id,) for row_id in sent])  # noqa: S608 a constant
            transaction.executemany(
                f"UPDATE {TABLE} SET problem = ? WHERE id = ?",  # noqa: S608 a constant
                [(problem, row_id) for row_id, problem in refused.items()],
            )


class SqliteStore:
    """See ``OutboxStore``. One relay works at a time; the others stand by and take over when it ends or dies.

    SQLite cannot lock rows, and its write lock would make the application wait for Kafka. So a lock on a file beside
    the database, ``<database>.relay``, says who is at work; the kernel frees it when its process dies.
    """

    def __init__(self, path: Path, *, agency: str) -> None:
        self._path = path
        self._agency = agency
        self._connection: sqlite3.Connection | None = None
        self._lock: int | None = None
        self._seen_change: int | None = None

    def create(self) -> None:
        """Make the table, unless it is there; also the database file, if need be."""
        with closing(sqlite3.connect(self._path, timeout=_LOCK_PATIENCE_SECONDS)) as connection, connection:
            for statement in create_statements(Database.SQLITE):
                connection.execute(statement)

    @contextmanager
    def claim(self, limit: int) -> Iterator[SqliteClaim]:
        """See ``OutboxStore``: empty while another relay is at work."""
        with self._open_connection() as connection:
            # Looked at before the rows: what is added in between ends the next wait at once.
            self._seen_change = _change_number(connection)
            found = connection.execute(_READ_ROWS, (self._agency, limit)) if self._is_at_work() else []
            rows = [
                OutboxRow(row_id, case, payload.encode(), datetime.fromisoformat(created))
                for row_id, case, payload, created in found
            ]
            yield SqliteClaim(connection, rows)

    def wait(self, timeout_seconds: float) -> bool:
        """See ``OutboxStore``: looks every 50 ms whether anybody has written to the database."""
        deadline = time.monotonic() + timeout_seconds
        with self._open_connection() as connection:
            while (is_same := _change_number(connection) == self._seen_change) and time.monotonic() < deadline:
                time.sleep(_LOOK_EVERY_SECONDS)
        return not is_same

    def waiting(self) -> tuple[int, int]:
        """See ``OutboxStore``."""
        with self._open_connection() as connection:
            waiting, refused = connection.execute(_COUNT, (self._agency,)).fetchone()
        return waiting, refused

    def close(self) -> None:
        """See ``OutboxStore``: another relay may go to work."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @contextmanager
    def _open_connection(self) -> Iterator[sqlite3.Connection]:
        if not self._path.exists():
            raise OutboxSettingError(f"{self._path}: no such database")
        try:
            if self._connection is None:
                self._connection = sqlite3.connect(self._path, timeout=_LOCK_PATIENCE_SECONDS)
            yield self._connection
        except sqlite3.OperationalError as error:
            if str(error).startswith("no such table"):
                raise OutboxSettingError(f"{self._path}: no table {TABLE}: make it with casebus outbox init") from None
            raise OutboxUnavailableError(f"SQLite: {error}") from error

    def _is_at_work(self) -> bool:
        if self._lock is None:
            lock = os.open(f"{self._path}.relay", os.O_CREAT | os.O_RDWR, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                return False
            self._lock = lock
        return True


def _change_number(connection: sqlite3.Connection) -> int:
    """Rises whenever another connection has written to the database."""
    [number] = connection.execute("PRAGMA data_version").fetchone()
    return int(number)
