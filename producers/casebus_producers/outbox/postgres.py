"""The outbox in PostgreSQL. Needs the extra ``outbox`` (psycopg); nothing else in this package imports it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg import errors
from psycopg.rows import TupleRow

from casebus_producers.outbox.errors import OutboxSettingError, OutboxUnavailableError
from casebus_producers.outbox.store import OutboxRow
from casebus_producers.outbox.table import CHANNEL, TABLE, Database, create_statements

# A host that vanished without a word is noticed within seconds and not after the kernel's two hours.
_LIVENESS: Final[dict[str, Any]] = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
}

# Only a case's first row can be taken, and it is deleted last, at the commit: while one relay holds it, every other
# one skips the row and sees no later one as the first. So the lock on one row is a lock on the case.
# A subquery for one value and not NOT EXISTS: PostgreSQL would make that a join, which without statistics took 22 s
# for a batch out of 60,000 rows; this looks up the index row by row.
_TAKE_CASES: Final = f"""
    SELECT aggregateid FROM {TABLE} AS candidate
    WHERE aggregatetype = %s AND problem IS NULL AND position = (
        SELECT position FROM {TABLE} AS earliest
        WHERE earliest.aggregatetype = candidate.aggregatetype AND earliest.aggregateid = candidate.aggregateid
          AND earliest.problem IS NULL
        ORDER BY position LIMIT 1
    )
    ORDER BY position LIMIT %s
    FOR UPDATE OF candidate SKIP LOCKED"""  # noqa: S608 nothing but constants
_READ_ROWS: Final = f"""
    SELECT id, aggregateid, payload, created_at FROM {TABLE}
    WHERE aggregatetype = %s AND problem IS NULL AND aggregateid = ANY(%s)
    ORDER BY position LIMIT %s"""  # noqa: S608 nothing but constants
_COUNT: Final = f"""
    SELECT count(*) FILTER (WHERE problem IS NULL), count(*) FILTER (WHERE problem IS NOT NULL)
    FROM {TABLE} WHERE aggregatetype = %s"""  # noqa: S608 nothing but constants


class PostgresClaim:
    """Rows of cases that this transaction has locked."""

    def __init__(self, connection: psycopg.Connection[TupleRow], rows: Sequence[OutboxRow]) -> None:
        self.rows = rows
        self._connection = connection

    def settle(self, *, sent: Sequence[str], refused: Mapping[str, str]) -> None:
        """See ``Claim``: part of the claim's transaction."""
        with self._connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {TABLE} WHERE id = ANY(%s)", (list(sent),))  # noqa: S608 a constant
            for row_id, problem in refused.items():
                cursor.execute(f"UPDATE {TABLE} SET problem = %s WHERE id = %s", (problem, row_id))  # noqa: S608 a constant


class PostgresStore:
    """See ``OutboxStore``. Several relays, on any machine, share the cases among them.

    Opens its connection when first needed, and again after it was lost.
    """

    def __init__(self, dsn: str, *, agency: str) -> None:
        self._dsn = dsn
        self._agency = agency
        self._connection: psycopg.Connection[TupleRow] | None = None

    def create(self) -> None:
        """Make the table, its indexes and its trigger, unless they are there."""
        with self._open_connection() as connection, connection.transaction():
            for statement in create_statements(Database.POSTGRESQL):
                connection.execute(statement)

    @contextmanager
    def claim(self, limit: int) -> Iterator[PostgresClaim]:
        """See ``OutboxStore``: one transaction, which holds a lock on each case that it took."""
        with self._open_connection() as connection, connection.transaction():
            cases = [case for (case,) in connection.execute(_TAKE_CASES, (self._agency, limit))]
            found = connection.execute(_READ_ROWS, (self._agency, cases, limit)).fetchall() if cases else []
            rows = [OutboxRow(row_id, case, payload.encode(), created) for row_id, case, payload, created in found]
            yield PostgresClaim(connection, rows)

    def wait(self, timeout_seconds: float) -> bool:
        """See ``OutboxStore``: until a transaction that added events has committed."""
        with self._open_connection() as connection:
            return len(list(connection.notifies(timeout=timeout_seconds, stop_after=1))) > 0

    def waiting(self) -> tuple[int, int]:
        """See ``OutboxStore``."""
        with self._open_connection() as connection:
            found = connection.execute(_COUNT, (self._agency,)).fetchone()
        return (0, 0) if found is None else (found[0], found[1])

    def close(self) -> None:
        """See ``OutboxStore``."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _open_connection(self) -> Iterator[psycopg.Connection[TupleRow]]:
        try:
            if self._connection is None:
                # Unprepared: a plan for any batch size reads the whole table, which cut the rate to a third.
                self._connection = psycopg.connect(self._dsn, autocommit=True, prepare_threshold=None, **_LIVENESS)
                self._connection.execute(f"LISTEN {CHANNEL}")
            yield self._connection
        except errors.UndefinedTable:
            raise OutboxSettingError(f"the database has no table {TABLE}: make it with casebus outbox init") from None
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self.close()
            raise OutboxUnavailableError(
                f"PostgreSQL: {(str(error).splitlines() or [type(error).__name__])[0]}"
            ) from error
