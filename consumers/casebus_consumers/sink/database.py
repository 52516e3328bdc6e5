"""The sink's one connection to PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from casebus_consumers.sink.offsets import Cursor

CONNECTION_LOST = (psycopg.OperationalError, psycopg.InterfaceError)
"""What another attempt can cure: a lost or refused connection, a full disk, a deadlock."""

# A host that vanished without a word is noticed within seconds and not after the kernel's two hours.
LIVENESS: dict[str, Any] = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
}


class SinkDatabase:
    """Opens its connection when first needed and again after it was lost. Not thread-safe.

    ``prepare`` is called on each new connection, for instance to make temporary tables.
    """

    def __init__(self, dsn: str, prepare: Callable[[psycopg.Connection], None]) -> None:
        self._dsn = dsn
        self._prepare = prepare
        self._connection: psycopg.Connection | None = None

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """One transaction: committed at the end, rolled back on any error. Blocks.

        Raises one of ``CONNECTION_LOST``, after which the next transaction opens a new connection. When that happens
        at the end, the commit may or may not have taken place.
        """
        try:
            connection = self._open()
            with connection.transaction(), connection.cursor() as cursor:
                yield cursor
        except CONNECTION_LOST:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> psycopg.Connection:
        if self._connection is None:
            connection = psycopg.connect(self._dsn, autocommit=True, **LIVENESS)
            self._prepare(connection)
            self._connection = connection
        return self._connection
