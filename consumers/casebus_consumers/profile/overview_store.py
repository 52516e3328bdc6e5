"""Reading overviews from PostgreSQL, from the event loop."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection
from types import TracebackType
from typing import NamedTuple, Self

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from casebus_consumers.profile.database_metrics import DatabaseMetrics
from casebus_consumers.sink.database import LIVENESS

READ = "SELECT party_ref, epoch, version, value FROM overviews WHERE party_ref = ANY(%s)"
# At the end of an alias, which holds no case; no text of an agency's can look so, since quotes in it are escaped.
ALIAS = re.compile(rb'"cases":\{\},"merged_into":"(p[0-9]+\.[A-Za-z0-9_-]{22})"\}\Z')
LONGEST_ALIAS = 80
WAIT_SECONDS = 2.0
RECONNECT_SECONDS = 4.0
MOST_PER_QUERY = 100


class StoreUnavailableError(Exception):
    """The database is away. Retry."""


class StoredOverview(NamedTuple):
    """An overview's bytes as the stream wrote them, and which state of it they are."""

    epoch: int
    version: int
    value: bytes

    @property
    def merged_into(self) -> str | None:
        """Whose overview stands for this one, when the party is one with another now."""
        found = ALIAS.search(self.value, max(0, len(self.value) - LONGEST_ALIAS))
        return None if found is None else found[1].decode()


class OverviewStore:
    """A pool of connections, opened on entry (without waiting for the database) and closed on exit.

    Requests that wait for a connection are answered together by its next query: alone, a request is not delayed; under
    load, the cost of a query in this process (300 µs, most of what a request costs) is shared.
    """

    def __init__(self, dsn: str, metrics: DatabaseMetrics, *, connections: int) -> None:
        self._metrics = metrics
        self._connections = connections
        self._waiting: list[tuple[str, asyncio.Future[StoredOverview | None]]] = []
        self._readers: set[asyncio.Task[None]] = set()
        self._pool: AsyncConnectionPool[psycopg.AsyncConnection[tuple[str, int, int, bytes]]] = AsyncConnectionPool(
            dsn,
            # One read is one statement: without autocommit it would cost three round trips.
            kwargs={"autocommit": True, **LIVENESS},
            min_size=connections,
            max_size=connections,
            open=False,
            timeout=WAIT_SECONDS,
            # The pool's waits between attempts double for as long as this lasts; after it, the next request asks anew.
            reconnect_timeout=RECONNECT_SECONDS,
        )

    async def get(self, party_ref: str) -> StoredOverview | None:
        """The party's overview, None when there is none. Raises ``StoreUnavailableError``."""
        answer: asyncio.Future[StoredOverview | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((party_ref, answer))
        if len(self._readers) < self._connections:
            reader = asyncio.create_task(self._answer_waiting())
            self._readers.add(reader)
            reader.add_done_callback(self._readers.discard)
        return await answer

    async def is_reachable(self) -> bool:
        """Whether the database answers now."""
        try:
            async with self._pool.connection() as connection:
                await connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    async def _answer_waiting(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST_PER_QUERY], self._waiting[MOST_PER_QUERY:]
            try:
                with self._metrics.read_seconds.time():
                    found = await self._find({party_ref for party_ref, _ in batch})
            except (psycopg.Error, StoreUnavailableError) as error:
                for _, answer in batch:
                    if not answer.done():  # a caller may have been cancelled
                        answer.set_exception(error)
            else:
                for party_ref, answer in batch:
                    if not answer.done():
                        answer.set_result(found.get(party_ref))

    async def _find(self, party_refs: Collection[str]) -> dict[str, StoredOverview]:
        try:
            return await self._read(party_refs)
        except PoolTimeout as error:
            raise StoreUnavailableError("the database cannot be reached") from error
        except psycopg.OperationalError:
            # After the database was away, all connections at hand may be dead: replace them, then once more.
            await self._pool.check()
        try:
            return await self._read(party_refs)
        except psycopg.OperationalError as error:
            raise StoreUnavailableError("the database cannot be reached") from error

    async def _read(self, party_refs: Collection[str]) -> dict[str, StoredOverview]:
        async with self._pool.connection() as connection, connection.cursor(binary=True) as cursor:
            await cursor.execute(READ, [list(party_refs)], prepare=True)
            rows = await cursor.fetchall()
        return {party_ref: StoredOverview(epoch, version, value) for party_ref, epoch, version, value in rows}

    async def __aenter__(self) -> Self:
        await self._pool.open(wait=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pool.close(timeout=1)
