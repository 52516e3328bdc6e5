"""The profile service's own tables, from the event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from casebus_consumers.profile.database_metrics import DatabaseMetrics
from casebus_consumers.profile.overview_store import RECONNECT_SECONDS, WAIT_SECONDS, StoreUnavailableError
from casebus_consumers.sink.database import LIVENESS

Row = tuple[Any, ...]
Cursor = psycopg.AsyncCursor[Row]


class ProfileDatabase:
    """A pool of connections, opened on entry (without waiting for the database) and closed on exit."""

    def __init__(self, dsn: str, metrics: DatabaseMetrics, *, connections: int) -> None:
        self._metrics = metrics
        self._pool: AsyncConnectionPool[psycopg.AsyncConnection[Row]] = AsyncConnectionPool(
            dsn,
            kwargs={"autocommit": True, **LIVENESS},
            min_size=1,
            max_size=connections,
            open=False,
            timeout=WAIT_SECONDS,
            reconnect_timeout=RECONNECT_SECONDS,
            # One round trip more, and after the database was away no request meets a dead connection.
            check=AsyncConnectionPool.check_connection,
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Cursor]:
        """One transaction: committed at the end, rolled back on any error. Raises ``StoreUnavailableError``: retry."""
        try:
            with self._metrics.own_seconds.time():
                async with (
                    self._pool.connection() as connection,
                    connection.transaction(),
                    connection.cursor() as cursor,
                ):
                    yield cursor
        except (PoolTimeout, psycopg.OperationalError) as error:
            raise StoreUnavailableError("the database cannot be reached") from error

    async def __aenter__(self) -> Self:
        await self._pool.open(wait=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pool.close(timeout=1)
