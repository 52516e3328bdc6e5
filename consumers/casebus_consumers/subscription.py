"""A consumer-group member on one topic whose positions are kept by the caller, not in Kafka.

The caller stores a batch and its offsets together; this class only says where each partition stands. Kafka's group
serves to divide the partitions. librdkafka's own position is never asked: it moves when records enter the client's
queue, in some releases also past records that nobody saw.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from casebus_consumers.errors import PositionOutOfRangeError
from casebus_consumers.records import Batch, Record, Span
from casebus_consumers.retry import retry

StartPositions = Callable[[Mapping[int, int]], Mapping[int, int]]
"""Low watermark per partition -> where to start each: the stored offset, or the low watermark, from then on stored.

Called in ``poll_batch``; may block, and may raise ``StopRequestedError``.
"""

WATERMARK_TIMEOUT_SECONDS = 10.0

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

# The client's public names for its own error codes begin with an underscore.
PARTITION_EOF = KafkaError._PARTITION_EOF  # noqa: SLF001
AUTO_OFFSET_RESET = KafkaError._AUTO_OFFSET_RESET  # noqa: SLF001

log = structlog.get_logger(__name__)


class Subscription:
    """Batches of one topic. Not thread-safe.

    A partition whose stored offset is not in the topic, or that the caller stopped, is paused: the others go on, and
    it is tried again at its next assignment (a restart, or a rebalance that moves it). Transient errors of the broker
    are logged; a fatal one is raised.
    """

    def __init__(
        self,
        config: dict[str, str | int | float | bool],
        topic: str,
        start_positions: StartPositions,
        *,
        stop: threading.Event,
        batch_records: int = 10_000,
    ) -> None:
        self.topic = topic
        self._start_positions = start_positions
        self._stop = stop
        self._batch_records = batch_records
        self._positions: dict[int, int] = {}
        self._batch_starts: dict[int, int] = {}
        self._ends: dict[int, int] = {}
        self._behind: dict[int, int] = {}
        self._stopped: set[int] = set()
        self._arrived: set[int] = set()
        self._collected: list[Record] = []
        self._was_assigned = False
        self._caught_up = False
        self._consumer = Consumer(config)
        self._consumer.subscribe([topic], on_assign=self._on_assign, on_revoke=self._on_gone, on_lost=self._on_gone)

    @property
    def caught_up(self) -> bool:
        """Whether every partition this member got has once reached the end that it had at its assignment."""
        return self._caught_up

    def take_arrived(self) -> frozenset[int]:
        """The partitions that have reached the end they had at their assignment, once all have; each told once.

        What was handed out before this call must be stored for that to be true of the caller as well.
        """
        if self._behind or self._stopped:
            return frozenset()
        arrived, self._arrived = frozenset(self._arrived), set()
        return arrived

    @property
    def stopped(self) -> frozenset[int]:
        """The assigned partitions that wait for an operator."""
        return frozenset(self._stopped)

    def poll_batch(self, timeout_seconds: float) -> Batch | None:
        """What is there now, waiting at most ``timeout_seconds`` for the first record; None when there is none.

        Blocks; serves rebalances. The caller stores each batch, or calls ``restart`` or ``stop_partition``, before
        it asks for the next. Raises ``KafkaException`` for a fatal error and ``StopRequestedError``.
        """
        self._collected = []
        self._take(self._consumer.consume(1, timeout_seconds))
        if self._collected:
            self._take(self._consumer.consume(self._batch_records - 1, 0))
        self._note_progress()
        return self._cut_batch()

    def restart(self, partitions: Collection[int]) -> None:
        """Go on from the stored offsets of ``partitions``, as far as they are still assigned. Blocks."""
        assigned = [partition for partition in partitions if partition in self._positions]
        self._forget(assigned)
        starts = self._begin(assigned)
        for partition in assigned:
            if partition in starts:
                self._consumer.seek(TopicPartition(self.topic, partition, starts[partition]))
            else:
                self._pause(partition)

    def stop_partition(self, partition: int, reason: Exception) -> None:
        """Hand out no more records of an assigned partition; its stored offset stays where it is."""
        if partition in self._positions:
            self._forget([partition])
            self._mark_stopped(partition, reason)
            self._pause(partition)

    def lag(self) -> dict[int, int]:
        """Records between each running partition's position and its high watermark, as last heard. Does not block."""
        return {partition: self._lag_of(partition, position) for partition, position in self._positions.items()}

    def close(self) -> None:
        """Leave the group. Blocks for at most a few seconds."""
        self._consumer.close()

    def _take(self, messages: Iterable[Message]) -> None:
        positions, collected = self._positions, self._collected
        for message in messages:
            error = message.error()
            if error is not None:
                self._take_error(error, message)
                continue
            partition, offset = _place(message)
            position = positions.get(partition)
            if position is None or offset < position:
                continue  # of a partition that was revoked in the meantime, or from before a restart
            positions[partition] = offset + 1
            collected.append(Record(partition, offset, message.timestamp()[1], message.key(), message.value()))

    def _take_error(self, error: KafkaError, message: Message) -> None:
        partition, offset = _place(message)
        if error.code() == PARTITION_EOF:
            self._ends[partition] = offset
        elif error.code() == AUTO_OFFSET_RESET:
            self.stop_partition(partition, KafkaException(error))
        elif error.fatal() or error.code() == KafkaError._FATAL:  # noqa: SLF001 - the client's own name for it
            raise KafkaException(error)
        else:
            log.warning("kafka_error", topic=self.topic, partition=partition, error=str(error))

    def _cut_batch(self) -> Batch | None:
        if not self._collected:
            return None
        records, self._collected = self._collected, []
        spans: dict[int, Span] = {}
        for partition in {record.partition for record in records}:
            spans[partition] = Span(self._batch_starts[partition], self._positions[partition])
            self._batch_starts[partition] = self._positions[partition]
        return Batch(self.topic, records, spans)

    def _note_progress(self) -> None:
        for partition, end in list(self._behind.items()):
            if self._is_at_end(partition) or self._positions.get(partition, -1) >= end:
                del self._behind[partition]
                self._arrived.add(partition)
        self._caught_up = self._caught_up or (self._was_assigned and not self._behind and not self._stopped)

    def _on_assign(self, consumer: Consumer, assigned: list[TopicPartition]) -> None:
        partitions = [each.partition for each in assigned]
        self._forget(partitions)
        starts = self._begin(partitions)
        # A stopped partition is a part of the assignment too; where it stands does not matter while it is paused.
        consumer.incremental_assign([TopicPartition(self.topic, each, starts.get(each, 0)) for each in partitions])
        for partition in partitions:
            if partition not in starts:
                self._pause(partition)
        self._was_assigned = True
        log.info("partitions_assigned", topic=self.topic, starts=starts)

    def _on_gone(self, consumer: Consumer, revoked: list[TopicPartition]) -> None:
        self._forget([each.partition for each in revoked])
        consumer.incremental_unassign(revoked)
        log.info("partitions_revoked", topic=self.topic, partitions=[each.partition for each in revoked])

    def _begin(self, partitions: Collection[int]) -> dict[int, int]:
        """Set the positions of ``partitions``; those whose stored offset is out of range are stopped and left out."""
        ranges = {partition: self._watermarks(partition) for partition in partitions}
        stored = self._start_positions({partition: low for partition, (low, _) in ranges.items()})
        starts: dict[int, int] = {}
        for partition, (low, high) in ranges.items():
            offset = stored[partition]
            self._behind[partition] = high
            if low <= offset <= high:
                starts[partition] = offset
            else:
                self._mark_stopped(partition, PositionOutOfRangeError(self.topic, partition, offset, low, high))
        self._positions.update(starts)
        self._batch_starts.update(starts)
        return starts

    def _watermarks(self, partition: int) -> tuple[int, int]:
        def ask() -> tuple[int, int]:
            place = TopicPartition(self.topic, partition)
            return self._consumer.get_watermark_offsets(place, timeout=WATERMARK_TIMEOUT_SECONDS)

        def report(error: Exception, wait_seconds: float) -> None:
            log.warning(
                "watermarks_unknown", topic=self.topic, partition=partition, error=str(error), wait_seconds=wait_seconds
            )

        return retry(ask, on=(KafkaException,), stop=self._stop, report=report)

    def _forget(self, partitions: Collection[int]) -> None:
        gone = frozenset(partitions)
        for partition in gone:
            self._positions.pop(partition, None)
            self._batch_starts.pop(partition, None)
            self._behind.pop(partition, None)
            self._ends.pop(partition, None)
        self._stopped -= gone
        self._arrived -= gone
        self._collected[:] = [record for record in self._collected if record.partition not in gone]

    def _mark_stopped(self, partition: int, reason: Exception) -> None:
        self._stopped.add(partition)
        log.error("partition_stopped", topic=self.topic, partition=partition, error=str(reason))

    def _pause(self, partition: int) -> None:
        self._consumer.pause([TopicPartition(self.topic, partition)])

    def _lag_of(self, partition: int, position: int) -> int:
        if self._is_at_end(partition):
            return 0
        _, high = self._consumer.get_watermark_offsets(TopicPartition(self.topic, partition), cached=True)
        return max(0, high - position)

    def _is_at_end(self, partition: int) -> bool:
        return self._positions.get(partition, 0) <= self._ends.get(partition, -1)


def _place(message: Message) -> tuple[int, int]:
    partition, offset = message.partition(), message.offset()
    if partition is None or offset is None:
        raise AssertionError("a consumed message has a partition and an offset")
    return partition, offset
