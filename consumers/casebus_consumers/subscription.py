"""A consumer-group member on one topic that says where each partition stands; the caller keeps those positions.

A sink stores a batch and its offsets in one database transaction; a ``casebus_consumers.subscriber`` commits what was
handled to the group. Kafka's group divides the partitions in either case. librdkafka's own position is never asked: it
moves when records enter the client's queue, in some releases also past records that nobody saw.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from casebus_consumers.errors import PositionOutOfRangeError
from casebus_consumers.messages import AUTO_OFFSET_RESET, FATAL, PARTITION_EOF, place_of
from casebus_consumers.positions import Positions
from casebus_consumers.records import Batch, Record
from casebus_consumers.retry import retry
from casebus_consumers.trace_headers import traceparents_of


class Watermarks(NamedTuple):
    """The first offset of a partition that the broker has, and the one after its last."""

    low: int
    high: int


StartPositions = Callable[[Mapping[int, Watermarks]], Mapping[int, int]]
"""Watermarks per partition -> where to start each: the stored offset, or one that is stored from then on.

Called in ``poll_batch``; may block, and may raise ``StopRequestedError``.
"""

Released = Callable[[frozenset[int], bool], None]
"""Partitions that go to another member. The flag says whether their offsets may still be committed now."""

WATERMARK_TIMEOUT_SECONDS = 10.0
OFFSETS_TIMEOUT_SECONDS = 10.0
LINGER_STEP_SECONDS = 0.5

CONSUMER_DEFAULTS: dict[str, str | int | float | bool] = {
    "isolation_level": "read_committed",
    "partition_assignment_strategy": "cooperative-sticky",
    "enable_auto_commit": False,
    "enable_auto_offset_store": False,
    # A killed member's partitions move on after this long. Short is safe: the stored offset fences a slow member.
    "session_timeout_ms": 10_000,
    # A position that the topic does not have is reported, never silently replaced.
    "auto_offset_reset": "error",
    # The end of a partition is an event, since the last offset is a transaction's marker, which is never handed out.
    "enable_partition_eof": True,
    # With its default of 1 s a full queue makes the client fetch in bursts.
    "fetch_queue_backoff_ms": 20,
}
"""What ``KafkaSettings.client_config`` needs besides ``group_id``."""

log = structlog.get_logger(__name__)


def _nobody_asks(_partitions: frozenset[int], _may_commit: bool) -> None:
    """Nothing is to be done when partitions go."""


class Subscription:
    """Batches of one topic. Not thread-safe.

    A partition whose stored offset is not in the topic, or that the caller stopped, is paused: the others go on, and
    it is tried again at its next assignment (a restart, or a rebalance that moves it). Transient errors of the broker
    are logged; a fatal one is raised. ``released`` is called while partitions go, before the next member gets them.
    ``with_traces`` reads the headers that name traces, too.
    """

    def __init__(
        self,
        config: dict[str, str | int | float | bool],
        topic: str,
        start_positions: StartPositions,
        *,
        stop: threading.Event,
        batch_records: int = 10_000,
        released: Released = _nobody_asks,
        with_traces: bool = False,
    ) -> None:
        self.topic = topic
        self._start_positions = start_positions
        self._stop = stop
        self._batch_records = batch_records
        self._released = released
        self._with_traces = with_traces
        self._positions = Positions()
        self._collected: list[Record] = []
        self._was_assigned = False
        self._is_held = False
        self._is_closing = False
        self._consumer = Consumer(config)
        self._consumer.subscribe([topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost)

    @property
    def caught_up(self) -> bool:
        """Whether every partition this member got has once reached the end that it had at its assignment."""
        return self._positions.caught_up

    def take_arrived(self) -> frozenset[int]:
        """The partitions that have reached the end they had at their assignment, once all have; each told once.

        What was handed out before this call must be stored for that to be true of the caller as well.
        """
        return self._positions.take_arrived()

    @property
    def stopped(self) -> frozenset[int]:
        """The assigned partitions that wait for an operator."""
        return frozenset(self._positions.stopped)

    @property
    def stop_reasons(self) -> Mapping[int, Exception]:
        """Why each of the ``stopped`` partitions waits."""
        return self._positions.stopped

    def poll_batch(self, timeout_seconds: float) -> Batch | None:
        """What is there now, waiting at most ``timeout_seconds`` for the first record; None when there is none.

        Blocks; serves rebalances. The caller stores each batch, or calls ``restart`` or ``stop_partition``, before
        it asks for the next. Raises ``KafkaException`` for a fatal error and ``StopRequestedError``.
        """
        if not self._collected:
            self._take(self._consumer.consume(1, timeout_seconds))
        if self._collected:
            self._take(self._consumer.consume(self._batch_records - 1, 0))
        if self._was_assigned:
            self._positions.note_progress()
        return self._cut_batch()

    def linger(self, seconds: float) -> None:
        """Stay in the group for so long, or until asked to stop, and hand out nothing. Blocks; serves rebalances.

        For a caller that cannot go on yet: a member that does not call in loses its partitions. Raises as
        ``poll_batch``.
        """
        self._hold(is_held=True)
        try:
            deadline = time.monotonic() + seconds
            while True:
                left = deadline - time.monotonic()
                self._take(self._consumer.consume(1, max(0.0, min(left, LINGER_STEP_SECONDS))))
                if left <= 0 or self._stop.is_set():
                    return
        finally:
            self._hold(is_held=False)

    def restart(self, partitions: Collection[int]) -> None:
        """Go on from the stored offsets of ``partitions``, as far as they are still assigned. Blocks."""
        assigned = [partition for partition in partitions if partition in self._positions.next]
        self._forget(assigned)
        starts = self._begin(assigned)
        for partition in assigned:
            if partition in starts:
                self._consumer.seek(TopicPartition(self.topic, partition, starts[partition]))
            else:
                self._pause([partition])

    def stop_partition(self, partition: int, reason: Exception) -> None:
        """Hand out no more records of an assigned partition; its stored offset stays where it is."""
        if partition in self._positions.next:
            self._forget([partition])
            self._mark_stopped(partition, reason)
            self._pause([partition])

    def committed(self, partitions: Collection[int]) -> dict[int, int]:
        """The group's offsets of those ``partitions`` that have one. Blocks. Raises ``KafkaException``."""
        places = [TopicPartition(self.topic, partition) for partition in partitions]
        answers = self._consumer.committed(places, timeout=OFFSETS_TIMEOUT_SECONDS)
        return {answer.partition: answer.offset for answer in answers if answer.offset >= 0}

    def commit(self, offsets: Mapping[int, int]) -> None:
        """Store next offsets for the group. Blocks until the broker has answered. Raises ``KafkaException``."""
        places = [TopicPartition(self.topic, partition, offset) for partition, offset in offsets.items()]
        for place in self._consumer.commit(offsets=places, asynchronous=False) or ():
            if place.error is not None:
                raise KafkaException(place.error)

    def lag(self) -> dict[int, int]:
        """Records between each running partition's position and its high watermark, as last heard. Does not block."""
        return {partition: self._lag_of(partition, position) for partition, position in self._positions.next.items()}

    def close(self) -> None:
        """Leave the group. Blocks for at most a few seconds."""
        self._is_closing = True
        self._consumer.close()

    def _take(self, messages: Iterable[Message]) -> None:
        positions, collected, with_traces = self._positions.next, self._collected, self._with_traces
        for message in messages:
            error = message.error()
            if error is not None:
                self._take_error(error, message)
                continue
            partition, offset = place_of(message)
            position = positions.get(partition)
            if position is None or offset < position:
                continue  # of a partition that was revoked in the meantime, or from before a restart
            positions[partition] = offset + 1
            traces = traceparents_of(message) if with_traces else ()
            collected.append(Record(partition, offset, message.timestamp()[1], message.key(), message.value(), traces))

    def _take_error(self, error: KafkaError, message: Message) -> None:
        partition, offset = place_of(message)
        if error.code() == PARTITION_EOF:
            self._positions.reach_end(partition, offset)
        elif error.code() == AUTO_OFFSET_RESET:
            self.stop_partition(partition, KafkaException(error))
        elif error.fatal() or error.code() == FATAL:
            raise KafkaException(error)
        else:
            log.warning("kafka_error", topic=self.topic, partition=partition, error=str(error))

    def _cut_batch(self) -> Batch | None:
        if not self._collected:
            return None
        records, self._collected = self._collected, []
        return Batch(self.topic, records, self._positions.cut_spans(records))

    def _on_assign(self, consumer: Consumer, assigned: list[TopicPartition]) -> None:
        if self._is_closing:
            return  # a rebalance that was under way: what it brings goes back at once
        partitions = [each.partition for each in assigned]
        self._forget(partitions)
        starts = self._begin(partitions)
        # A stopped partition is a part of the assignment too; where it stands does not matter while it is paused.
        consumer.incremental_assign([TopicPartition(self.topic, each, starts.get(each, 0)) for each in partitions])
        self._pause([each for each in partitions if self._is_held or each not in starts])
        self._was_assigned = True
        log.info("partitions_assigned", topic=self.topic, starts=starts)

    def _on_revoke(self, consumer: Consumer, revoked: list[TopicPartition]) -> None:
        self._let_go(consumer, revoked, may_commit=True)

    def _on_lost(self, consumer: Consumer, lost: list[TopicPartition]) -> None:
        self._let_go(consumer, lost, may_commit=False)

    def _let_go(self, consumer: Consumer, gone: list[TopicPartition], *, may_commit: bool) -> None:
        partitions = frozenset(each.partition for each in gone)
        self._released(partitions, may_commit)
        self._forget(partitions)
        consumer.incremental_unassign(gone)
        log.info("partitions_revoked", topic=self.topic, partitions=sorted(partitions))

    def _begin(self, partitions: Collection[int]) -> dict[int, int]:
        """Set the positions of ``partitions``; those whose stored offset is out of range are stopped and left out."""
        watermarks = {partition: self._watermarks(partition) for partition in partitions}
        stored = self._start_positions(watermarks)
        starts: dict[int, int] = {}
        for partition, (low, high) in watermarks.items():
            offset = stored[partition]
            if low <= offset <= high:
                starts[partition] = offset
                self._positions.begin(partition, offset, high)
            else:
                self._mark_stopped(partition, PositionOutOfRangeError(self.topic, partition, offset, low, high))
        return starts

    def _watermarks(self, partition: int) -> Watermarks:
        def ask() -> Watermarks:
            place = TopicPartition(self.topic, partition)
            return Watermarks(*self._consumer.get_watermark_offsets(place, timeout=WATERMARK_TIMEOUT_SECONDS))

        def report(error: Exception, wait_seconds: float) -> None:
            log.warning(
                "watermarks_unknown", topic=self.topic, partition=partition, error=str(error), wait_seconds=wait_seconds
            )

        return retry(ask, on=(KafkaException,), stop=self._stop, report=report)

    def _forget(self, partitions: Collection[int]) -> None:
        self._positions.forget(partitions)
        self._collected[:] = [record for record in self._collected if record.partition not in partitions]

    def _mark_stopped(self, partition: int, reason: Exception) -> None:
        self._positions.stop(partition, reason)
        log.error("partition_stopped", topic=self.topic, partition=partition, error=str(reason))

    def _hold(self, *, is_held: bool) -> None:
        self._is_held = is_held
        running = [TopicPartition(self.topic, partition) for partition in self._positions.next]
        (self._consumer.pause if is_held else self._consumer.resume)(running)

    def _pause(self, partitions: Collection[int]) -> None:
        self._consumer.pause([TopicPartition(self.topic, partition) for partition in partitions])

    def _lag_of(self, partition: int, position: int) -> int:
        if self._positions.is_at_end(partition):
            return 0
        _, high = self._consumer.get_watermark_offsets(TopicPartition(self.topic, partition), cached=True)
        return max(0, high - position, self._positions.end_to_reach(partition) - position)
