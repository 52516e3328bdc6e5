"""Where a stage's records come from: a consumer that knows its own positions.

The consumer's own idea of its position is not used: after an error or a rebalance it can be ahead of what was handled.
Here a partition's position moves only when its records were committed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from casebus_producers.lag import LagMeter
from casebus_streams.end_watch import EndWatch
from casebus_streams.errors import StopError
from casebus_streams.pace import Pace
from casebus_streams.records import InRecord, attempt_of
from casebus_streams.records import Partition as Partition
from casebus_streams.source_lag import SourceLag

# The client does not mark as retriable what ``committed`` raises. It asks again itself while offsets are undecided,
# and in the end says that the time is up.
_UNDECIDED = (
    KafkaError.UNSTABLE_OFFSET_COMMIT,
    KafkaError._TIMED_OUT,  # noqa: SLF001 - librdkafka's own names for its local errors
    KafkaError._TRANSPORT,  # noqa: SLF001
    KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001
)
# A group's coordinator is not there yet, on a new cluster, or moves. That it says at once.
_NO_COORDINATOR = (
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
)

_LOOK_AGAIN_SECONDS = 0.1
_PORTION_RECORDS = 1_000
"""How many records are asked of the client at once: few enough that what it made of them is in the processor's cache
still when they become ours. All 50,000 of a batch at once cost a tenth of the stage's rate."""

log = structlog.get_logger(__name__)


class AssignmentListener(Protocol):
    """What a stage wants to know about its partitions. Called from within ``poll``, may block."""

    def assigned(self, partitions: list[Partition]) -> None:
        """These partitions are about to be read: get ready for them (restore state)."""

    def revoked(self, partitions: list[Partition]) -> None:
        """These partitions are somebody else's now: forget all about them."""

    def out_of_range(self, partition: Partition) -> None:
        """The committed offset is gone from the log. Raise ``StopError``, or return to go on from the beginning."""


def consume_available(consumer: Consumer, limit: int, wait_seconds: float) -> Iterator[list[Message]]:
    """What is there, at most ``limit``; waits up to ``wait_seconds`` for the first record, never for a batch to fill.

    The client's own ``consume`` waits for all of them or the whole time. It is asked for portions, each when the one
    before has been handled: a rebalance, too, is heard of only then.
    """
    portion, wait = 1, wait_seconds
    while portion > 0:
        messages = consumer.consume(portion, wait)
        yield messages
        limit -= len(messages)
        portion, wait = min(limit, _PORTION_RECORDS) if len(messages) == portion else 0, 0


class Source:
    """Batches of records of the partitions this worker owns.

    A batch waits for its first record and then takes what is there, so that at low rates nothing waits for it to
    fill; ``pace_seconds`` at least lie between two. Records that could not be committed stay in the batch, in order,
    and are handed out again; those of partitions that were lost in the meantime are dropped from it.

    ``by_partition``, as in the consumer's settings, keeps the partitions of a backlog apart as far as it can, so that
    a batch is of few of them, and of fewer keys.
    """

    def __init__(
        self,
        config: dict[str, str | int | float | bool],
        topic: str,
        listener: AssignmentListener,
        *,
        batch_max_records: int,
        idle_wait_seconds: float,
        pace_seconds: float = 0.0,
        by_partition: bool = False,
        end_watch: EndWatch | None = None,
    ) -> None:
        self._listener = listener
        self._batch_max_records = batch_max_records
        self._idle_wait_seconds = idle_wait_seconds
        self._pace = Pace(pace_seconds)
        self._by_partition = by_partition
        self._owned: set[Partition] = set()
        self._pending: list[InRecord] = []
        self._lag = SourceLag(end_watch)
        self._failure: BaseException | None = None
        self._consumer = Consumer(config, logger=logging.getLogger("librdkafka"))
        self._consumer.subscribe([topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost)
        self.rebalances = {"assigned": 0, "revoked": 0, "lost": 0}
        """How often partitions came and went. May be read from any thread."""

    def poll_batch(self) -> list[InRecord]:
        """Records to handle: those left over from an aborted transaction, else new ones.

        Blocks while idle, and until the pace allows for new ones.
        Raises what a listener raised inside a rebalance, and ``StopError`` for a consumer that cannot go on.
        """
        self._lag.look(self._consumer)
        if self._pending:
            # A fenced transaction means a rebalance is waiting to be heard of; what it brings joins the batch.
            self._take(self._consumer.consume(1, 0.05))
        else:
            self._pace.wait()
            self._fill()
        if self._pending:
            self._pace.took()
            self.lag.took(self._pending[0].timestamp_ms)
        return self._pending

    def next_offsets(self) -> list[TopicPartition]:
        """What to commit once the batch is handled: one past the last record of each partition."""
        last = {(record.topic, record.partition): record for record in self._pending}
        self._lag.sending(last)
        return [TopicPartition(*partition, record.offset + 1) for partition, record in last.items()]

    def is_committed(self) -> bool:
        """Whether the batch was committed by a transaction of which nobody heard the end. Blocks while undecided.

        A transaction has all of its offsets or none: one that is still behind tells that it was aborted.
        """
        wanted = self.next_offsets()
        has = {(p.topic, p.partition): p.offset for p in committed_offsets(self._consumer, wanted)}
        return all(has[p.topic, p.partition] >= p.offset for p in wanted)

    def committed(self) -> None:
        """The batch is in the log; the next one may come."""
        self._pending = []
        self._lag.committed()

    @property
    def lag(self) -> LagMeter[Partition]:
        """How far this worker is behind on its partitions. May be read from any thread."""
        return self._lag.meter

    @property
    def owned(self) -> frozenset[Partition]:
        """The partitions this worker reads now."""
        return frozenset(self._owned)

    @property
    def consumer(self) -> Consumer:
        """The client: its group metadata fences the transactions."""
        return self._consumer

    def close(self) -> None:
        """Leave the group. Blocks until the coordinator knows."""
        self._consumer.close()

    def _fill(self) -> None:
        """Take what is there, at most a batch; by partition, one that is half full ends where the next one begins."""
        for messages in consume_available(self._consumer, self._batch_max_records, self._idle_wait_seconds):
            may_end = self._by_partition and len(self._pending) > self._batch_max_records // 2
            partition = self._last_partition
            self._take(messages)
            if may_end and self._last_partition != partition:
                return

    @property
    def _last_partition(self) -> int | None:
        return self._pending[-1].partition if self._pending else None

    def _take(self, messages: Iterable[Message]) -> None:
        self._raise_failure()
        owned, pending = self._owned, self._pending
        for message in messages:
            if (error := message.error()) is not None:
                self._handle_error(error, message)
            elif ((record := _record(message)).topic, record.partition) in owned:
                pending.append(record)

    def _handle_error(self, error: KafkaError, message: Message) -> None:
        code = error.code()
        if code == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's own names for its local errors
            self._lag.reached_end(_partition_of(message), message.offset() or 0)
            return
        if code == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001
            partition = _partition_of(message)
            self._listener.out_of_range(partition)
            # Assigned anew: the client stops a partition on this error, and a stopped one cannot seek.
            self._consumer.incremental_unassign([TopicPartition(*partition)])
            self._consumer.incremental_assign([TopicPartition(*partition, OFFSET_BEGINNING)])
        elif error.fatal() or code in (KafkaError._FATAL, KafkaError.TOPIC_AUTHORIZATION_FAILED):  # noqa: SLF001
            raise StopError(f"the consumer cannot go on: {error.name()}")
        else:
            log.warning("consumer_error", error=error.name())

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.rebalances["assigned"] += 1
        self._guarded(self._assign, consumer, partitions)

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.rebalances["revoked"] += 1
        self._guarded(self._revoke, consumer, partitions)

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.rebalances["lost"] += 1
        self._guarded(self._revoke, consumer, partitions)

    def _guarded(
        self,
        step: Callable[[Consumer, list[TopicPartition]], None],
        consumer: Consumer,
        partitions: list[TopicPartition],
    ) -> None:
        """An exception must not get lost in the client's callback: it is kept, and raised by ``poll_batch``."""
        try:
            step(consumer, partitions)
        except BaseException as failure:
            self._failure = failure

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        names = [(partition.topic, partition.partition) for partition in partitions]
        starts = committed_offsets(consumer, partitions)
        self._listener.assigned(names)
        self._owned.update(names)
        self._lag.assigned(starts)
        consumer.incremental_assign(starts)
        log.info("partitions_assigned", partitions=len(names))

    def _revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        names = {(partition.topic, partition.partition) for partition in partitions}
        self._owned -= names
        self._pending = [record for record in self._pending if (record.topic, record.partition) not in names]
        self._lag.revoked(names, is_empty_handed=not self._pending)
        self._listener.revoked(sorted(names))
        consumer.incremental_unassign(partitions)
        log.info("partitions_revoked", partitions=len(names))


def committed_offsets(consumer: Consumer, partitions: list[TopicPartition]) -> list[TopicPartition]:
    """Where the group of ``consumer`` starts: what was committed, else the beginning. Blocks. Raises ``StopError``.

    Waits while the last owner's transaction is undecided, as a read_committed consumer must: its offsets may yet be
    committed. The transaction's own timeout bounds the wait. Waits for the group's coordinator, too.
    """
    deadline = time.monotonic() + 120
    while True:
        try:
            committed = consumer.committed(partitions, timeout=10)
            break
        except KafkaException as error:
            code = error.args[0].code()
            if time.monotonic() > deadline or code not in (*_UNDECIDED, *_NO_COORDINATOR):
                raise StopError(f"cannot read committed offsets: {error.args[0].name()}") from error
            if code in _NO_COORDINATOR:
                time.sleep(_LOOK_AGAIN_SECONDS)  # the client waits for what is undecided, and not for this
    for partition in committed:
        if partition.error is not None:
            raise StopError(f"cannot read the committed offset of {partition.topic}: {partition.error}")
        if partition.offset < 0:
            partition.offset = OFFSET_BEGINNING
    return committed


def _partition_of(message: Message) -> Partition:
    topic, partition = message.topic(), message.partition()
    if topic is None or partition is None:
        raise StopError("a consumed message names no partition")
    return topic, partition


def _record(message: Message) -> InRecord:
    headers = message.headers()
    return InRecord(
        message.topic() or "",
        message.partition() or 0,
        message.offset() or 0,
        message.key(),
        message.value(),
        message.timestamp()[1],
        1 if headers is None else attempt_of(headers),
    )
