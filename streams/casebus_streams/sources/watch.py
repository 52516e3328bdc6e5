"""The agent's and the timer's work: news of activity in, statements out, whatever goes wrong.

Free of Faust: what it sends goes through ``Send``, and its times come from ``clock``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]  # it ships no types
from faust.exceptions import ProducerSendError

from casebus_schemas import AgencyActivity, Topics, UndecodableError, decode, encode
from casebus_streams.dead_letters import dead_letter
from casebus_streams.records import InRecord
from casebus_streams.sources.board import MEMORY_HEADER, Board, Statement
from casebus_streams.sources.feed import CaughtUp, Closed, News, Opened
from casebus_streams.sources.metrics import SourceMetrics

STAGE = "sources"

_PAUSE_SECONDS = 1.0
_SEND_FAILURES = (KafkaError, ProducerSendError)

log = structlog.get_logger(__name__)


class Send(Protocol):
    """How records are written."""

    def __call__(
        self, topic: str, key: bytes | None, value: bytes, headers: list[tuple[str, bytes]], /
    ) -> Awaitable[object]:
        """Write a record and wait until the brokers have it. Raises one of ``_SEND_FAILURES``."""


class SourceWatch:
    """Keeps the board while the partition is this worker's. One event loop only."""

    def __init__(
        self, topics: Topics, send: Send, metrics: SourceMetrics, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._topics = topics
        self._send = send
        self._metrics = metrics
        self._clock = clock
        self._board: Board | None = None
        self._is_current = False

    async def hear(self, news: News) -> None:
        """Take in what the feed brings, in its order. Never raises because of a record.

        Returns once each record is in the board, or in the dead letters, which is tried until it succeeds.
        """
        match news:
            case Opened(board):
                self._board, self._is_current = board, False
            case CaughtUp():
                self._is_current = True
            case Closed():
                self._board = None
                self._metrics.stand_by()
            case records:
                for record in records:
                    await self._take(record)

    async def tell(self) -> None:
        """Write what is due, and show the metrics. What could not be written stays due.

        Nothing on a stand-by, and nothing while older activity is still being read: it may end what seems a silence.
        """
        board = self._board
        if board is None or not self._is_current:
            return
        now = self._clock()
        self._metrics.show(board.freshness(now))
        await asyncio.gather(*(self._say(board, statement) for statement in board.due(now)))

    async def _take(self, record: InRecord) -> None:
        if self._board is None:
            return  # its next owner reads it again
        try:
            self._board.take(decode(AgencyActivity, record.value or b""), record.offset)
        except UndecodableError as error:
            await self._set_aside(record, "activity.undecodable", str(error))
        except Exception as defect:
            await self._set_aside(record, "sources.defect", type(defect).__name__)

    async def _say(self, board: Board, statement: Statement) -> None:
        agency = statement.freshness.agency
        headers = [(MEMORY_HEADER, statement.memory)]
        try:
            await self._send(self._topics.sources, agency.encode(), encode(statement.freshness), headers)
        except _SEND_FAILURES as failure:
            log.warning("source_not_written", agency=agency, error=type(failure).__name__)
            return
        board.said(statement)
        self._metrics.statements.inc()

    async def _set_aside(self, record: InRecord, reason: str, error: str) -> None:
        letter = dead_letter(
            self._topics.dead_letters, record, stage=STAGE, reason=reason, error=error, with_original=True
        )
        while True:
            try:
                await self._send(letter.topic, record.key, letter.value or b"", [])
            except _SEND_FAILURES as failure:
                log.warning("dead_letter_not_written", offset=record.offset, error=type(failure).__name__)
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                self._metrics.dead_letters.labels(STAGE, reason).inc()
                return
