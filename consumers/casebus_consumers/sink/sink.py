"""The sink's loop: read a batch, set aside what is unreadable, store rows and offsets in one transaction."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

import psycopg
import structlog

from casebus_consumers.errors import DeadLetterError, PositionConflictError, StopRequestedError
from casebus_consumers.records import Batch, Record
from casebus_consumers.retry import Result, retry
from casebus_consumers.sink.database import CONNECTION_LOST, SinkDatabase
from casebus_consumers.sink.dead_letters import DeadLetterWriter, Unreadable
from casebus_consumers.sink.metrics import SinkMetrics
from casebus_consumers.sink.offsets import Cursor, advance, read_or_start
from casebus_consumers.sink.spans import BatchTracing
from casebus_consumers.subscription import StartPositions, Subscription, Watermarks
from casebus_schemas import UndecodableError

POLL_SECONDS = 0.5

Row = TypeVar("Row")

log = structlog.get_logger(__name__)


class Target(Protocol[Row]):
    """What a service stores. It decides what a record means; the sink decides when it counts."""

    def read(self, record: Record) -> Row:
        """The row in a record. Pure. Raises ``UndecodableError``, which names fields and rules, never values."""

    def prepare(self, connection: psycopg.Connection) -> None:
        """Called on each new connection, outside any transaction."""

    def write(self, cursor: Cursor, rows: Sequence[Row]) -> Mapping[str, int]:
        """Store rows, in order within each partition, in the caller's transaction; how many had which effect."""


def _nothing(_cursor: Cursor, _partitions: Collection[int]) -> None:
    """Nothing is to be done when partitions have caught up."""


def _never() -> bool:
    """The topic is never superseded."""
    return False


class Sink(Generic[Row]):
    """Keeps ``target`` up with a topic. One thread runs ``run``; ``caught_up`` may be read from any.

    ``subscribe`` makes the subscription, given where the stored rows come to. ``arrived`` is called in a transaction
    of its own when all that was in some partitions at their assignment is stored; after a crash it may not be.
    ``run`` also ends when the topic ``is_superseded``, which is asked between batches and must not block. ``tracing``
    hears of stored batches.
    """

    def __init__(
        self,
        subscribe: Callable[[StartPositions], Subscription],
        target: Target[Row],
        database: SinkDatabase,
        dead_letters: DeadLetterWriter,
        metrics: SinkMetrics,
        *,
        topic: str,
        stop: threading.Event,
        arrived: Callable[[Cursor, Collection[int]], None] = _nothing,
        is_superseded: Callable[[], bool] = _never,
        tracing: BatchTracing | None = None,
    ) -> None:
        self._tracing = tracing
        self._arrived = arrived
        self._is_superseded = is_superseded
        self._subscribe = subscribe
        self._target = target
        self._database = database
        self._dead_letters = dead_letters
        self._metrics = metrics.of(topic)
        self._topic = topic
        self._stop = stop
        self._caught_up = False

    @property
    def caught_up(self) -> bool:
        """Whether all that was in the topic when this process got its partitions has been stored."""
        return self._caught_up

    def run(self) -> None:
        """Store batches until asked to stop or superseded; then leave the group and close the connection.

        Blocks. An error that no further attempt can cure is raised: the process should end and start again, from
        the stored offsets.
        """
        subscription = self._subscribe(self._start_positions)
        try:
            while not self._stop.is_set() and not self._is_superseded():
                batch = subscription.poll_batch(POLL_SECONDS)
                if batch is not None:
                    self._store(batch, subscription)
                if arrived := subscription.take_arrived():
                    self._note_arrived(arrived)
                self._caught_up = subscription.caught_up
                self._metrics.observe_positions(subscription.lag(), len(subscription.stopped))
        except StopRequestedError:
            log.info("sink_stopped_while_waiting", topic=self._topic)
        finally:
            self._metrics.observe_positions({}, 0)
            subscription.close()
            self._database.close()

    def _start_positions(self, watermarks: Mapping[int, Watermarks]) -> Mapping[int, int]:
        lows = {partition: low for partition, (low, _) in watermarks.items()}

        def read() -> Mapping[int, int]:
            with self._database.transaction() as cursor:
                return read_or_start(cursor, self._topic, lows)

        return self._insist(read)

    def _store(self, batch: Batch, subscription: Subscription) -> None:
        """Store a batch, or throw it away whole and go on from the stored offsets."""
        started = time.perf_counter()
        self._metrics.observe_taken(batch)
        rows, unreadable = self._read(batch)
        try:
            self._set_aside(unreadable)
            effects = self._insist(lambda: self._write(batch, rows))
        except DeadLetterError as error:
            for partition in error.reasons:
                subscription.stop_partition(partition, error)
            self._metrics.observe_thrown_away()
            subscription.restart(batch.spans.keys())
        except PositionConflictError as conflict:
            self._metrics.conflicts.inc()
            self._metrics.observe_thrown_away()
            log.warning("batch_thrown_away", topic=self._topic, error=str(conflict))
            subscription.restart(batch.spans.keys())
        else:
            seconds = time.perf_counter() - started
            self._metrics.observe_stored(batch, effects=effects, seconds=seconds)
            if self._tracing is not None:
                self._tracing.stored(batch, seconds=seconds)

    def _note_arrived(self, partitions: frozenset[int]) -> None:
        def note() -> None:
            with self._database.transaction() as cursor:
                self._arrived(cursor, partitions)

        self._insist(note)

    def _read(self, batch: Batch) -> tuple[list[Row], list[Unreadable]]:
        rows: list[Row] = []
        unreadable: list[Unreadable] = []
        read = self._target.read
        for record in batch.records:
            try:
                rows.append(read(record))
            except UndecodableError as error:
                unreadable.append(Unreadable(record, str(error)))
        return rows, unreadable

    def _set_aside(self, unreadable: list[Unreadable]) -> None:
        if unreadable:
            self._dead_letters.write(self._topic, unreadable)
            self._metrics.dead_letters.inc(len(unreadable))

    def _write(self, batch: Batch, rows: list[Row]) -> Mapping[str, int]:
        with self._database.transaction() as cursor:
            advance(cursor, batch.topic, batch.spans)
            return self._target.write(cursor, rows)

    def _insist(self, operation: Callable[[], Result]) -> Result:
        """``operation``, repeated for as long as the database is away: nothing is lost, the topic waits."""

        def report(error: Exception, wait_seconds: float) -> None:
            self._metrics.database_retries.inc()
            log.error("database_lost", error=type(error).__name__, detail=_first_line(error), wait_seconds=wait_seconds)

        return retry(operation, on=CONNECTION_LOST, stop=self._stop, report=report)


def _first_line(error: Exception) -> str:
    """PostgreSQL's further lines (DETAIL, CONTEXT) may quote values."""
    return str(error).partition("\n")[0]
