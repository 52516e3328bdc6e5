"""Brings the records of ``activity`` to the agent: a consumer of its own, in a thread.

Not Faust's consumer: it reads what intake aborted, too, cannot unpack lz4 without another package (intake's batches are
lz4), and has open reports of assignments that are read no more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain

import structlog
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from casebus_producers.settings import KafkaSettings
from casebus_streams.errors import StopError
from casebus_streams.heartbeat import Heartbeat
from casebus_streams.records import InRecord, attempt_of
from casebus_streams.source import consume_available
from casebus_streams.sources.board import Board
from casebus_streams.stage_health import StageHealth

_BATCH_RECORDS = 2_000
_WAIT_SECONDS = 0.2

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """The partition is this worker's; records from the board's position on follow."""

    board: Board


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """All that was in the log has been handed over."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The partition is somebody else's, or will be opened anew."""


News = Opened | CaughtUp | Closed | list[InRecord]


class ActivityFeed:
    """One worker's share of ``activity``: its only partition, or nothing.

    ``restore`` makes the board to begin with. What is committed is for whoever looks at the group's lag: the board
    says where to begin.
    """

    def __init__(
        self, kafka: KafkaSettings, topic: str, group: str, restore: Callable[[], Board], health: StageHealth
    ) -> None:
        self._kafka = kafka
        self._topic = topic
        self._group = group
        self._restore = restore
        self._health = health
        self._failure: BaseException | None = None

    def run(self, must_end: Heartbeat, deliver: Callable[[News], None]) -> None:
        """Hand over news, in order, until ``must_end`` is set. Blocks its thread. Raises ``StopError``."""
        consumer = Consumer(_consumer_config(self._kafka, self._group), logger=logging.getLogger("librdkafka"))

        def open_partition(_: Consumer, partitions: list[TopicPartition]) -> None:
            # On a stand-by, which has nothing to catch up with, the list is empty.
            self._health.has_joined, self._health.holds_views = True, not partitions
            if partitions:
                self._open(consumer, partitions, deliver)

        def close_partition(_: Consumer, partitions: list[TopicPartition]) -> None:
            if partitions:
                deliver(Closed())

        consumer.subscribe([self._topic], on_assign=open_partition, on_revoke=close_partition, on_lost=close_partition)
        try:
            while not must_end.is_set():
                messages = [*chain.from_iterable(consume_available(consumer, _BATCH_RECORDS, _WAIT_SECONDS))]
                if self._failure is not None:
                    raise self._failure
                if records := [_record(message) for message in messages if message.error() is None]:
                    deliver(records)
                for error in (message.error() for message in messages):
                    if error is not None:
                        self._hear(error, deliver)
        finally:
            self._health.left()
            consumer.close()

    def _open(self, consumer: Consumer, partitions: list[TopicPartition], deliver: Callable[[News], None]) -> None:
        """An exception must not get lost in the client's callback: it is kept, and raised by ``run``."""
        try:
            board = self._restore()
        except BaseException as failure:
            self._failure = failure
            return
        deliver(Opened(board))
        consumer.assign([TopicPartition(place.topic, place.partition, board.position) for place in partitions])

    def _hear(self, error: KafkaError, deliver: Callable[[News], None]) -> None:
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's own name
            deliver(CaughtUp())
            self._health.holds_views = True
        elif error.fatal() or error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
            raise StopError(f"{self._topic} cannot be read: {error.name()}")
        else:
            log.warning("consumer_error", error=error.name())


def _consumer_config(kafka: KafkaSettings, group: str) -> dict[str, str | int | float | bool]:
    return kafka.client_config(
        group_id=group,
        auto_offset_reset="earliest",  # what retention has removed is two days old: nothing to stop for
        isolation_level="read_committed",
        enable_partition_eof=True,
        session_timeout_ms=10_000,
        fetch_wait_max_ms=100,
        topic_metadata_refresh_interval_ms=5_000,
    )


def _record(message: Message) -> InRecord:
    return InRecord(
        message.topic() or "",
        message.partition() or 0,
        message.offset() or 0,
        message.key(),
        message.value(),
        message.timestamp()[1],
        attempt_of(message.headers() or {}),
    )
