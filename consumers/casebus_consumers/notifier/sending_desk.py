"""The sender's side of the database: claim, write results, count. Calls block, so they run in a thread of their own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog

from casebus_consumers.notifier.attempts import Claimed, Patience, Result
from casebus_consumers.notifier.change_target import Clock
from casebus_consumers.notifier.composing_store import compose_due, take_again
from casebus_consumers.notifier.metrics import NotifierMetrics
from casebus_consumers.notifier.result_store import write_results
from casebus_consumers.retry import retry
from casebus_consumers.sink import SinkDatabase
from casebus_consumers.sink.database import CONNECTION_LOST
from casebus_consumers.sink.offsets import Cursor
from casebus_schemas import ChannelKind

Answer = TypeVar("Answer")

log = structlog.get_logger(__name__)


class SendingDesk:
    """Two connections: what was sent is written down without waiting for what is to be sent next.

    The shorter the time between a sent mail and its mark, the fewer are repeated when the process dies.
    """

    def __init__(self, dsn: str, patience: Patience, clock: Clock, metrics: NotifierMetrics) -> None:
        self._patience = patience
        self._clock = clock
        self._claims = _Lane(dsn, "notifier-claims", metrics)
        self._marks = _Lane(dsn, "notifier-marks", metrics)

    async def claim(self, channels: Sequence[ChannelKind], limit: int) -> list[Claimed]:
        """At most ``limit`` messages to be sent now. Half of them may be further attempts, so that neither starves."""

        def take(cursor: Cursor) -> list[Claimed]:
            now, patience = self._clock(), self._patience
            again = take_again(cursor, channels, max(1, limit // 2), now, lease=patience.lease)
            new = compose_due(cursor, channels, limit - len(again), now, patience)
            return again + new

        return await self._claims.run(take)

    async def settle(self, results: Sequence[Result]) -> None:
        """Write down what became of claimed messages."""
        await self._marks.run(lambda cursor: write_results(cursor, results, self._clock()))

    def close(self) -> None:
        """Close the connections. A call that waits for the database is given up."""
        self._claims.close()
        self._marks.close()


class _Lane:
    """One connection, in a thread of its own. What the database refuses for now is asked again."""

    def __init__(self, dsn: str, name: str, metrics: NotifierMetrics) -> None:
        self._database = SinkDatabase(dsn, lambda _connection: None)
        self._metrics = metrics
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._given_up = threading.Event()

    async def run(self, work: Callable[[Cursor], Answer]) -> Answer:
        """``work`` in a transaction. Raises ``StopRequestedError`` when closed while the database is away."""

        def once() -> Answer:
            with self._database.transaction() as cursor:
                return work(cursor)

        def report(error: Exception, wait_seconds: float) -> None:
            self._metrics.database_retries.inc()
            log.error("database_lost", error=type(error).__name__, wait_seconds=wait_seconds)

        def insist() -> Answer:
            return retry(once, on=CONNECTION_LOST, stop=self._given_up, report=report)

        return await asyncio.get_running_loop().run_in_executor(self._thread, insist)

    def close(self) -> None:
        self._given_up.set()
        self._thread.submit(self._database.close)
        self._thread.shutdown()
