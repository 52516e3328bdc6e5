"""A member of a Kafka consumer group on one topic."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Set

import structlog
from confluent_kafka import KafkaError, KafkaException

from casebus_consumers.records import Record
from casebus_consumers.retry import retry
from casebus_consumers.subscriber.policy import Start
from casebus_consumers.subscription import CONSUMER_DEFAULTS, Subscription, Watermarks
from casebus_producers.settings import KafkaSettings

log = structlog.get_logger(__name__)


class GroupMember:
    """``Member`` for a topic that stays the same. Offsets are committed to the group, after a revocation too."""

    def __init__(
        self,
        kafka: KafkaSettings,
        topic: str,
        *,
        group: str,
        start: Start,
        stop: threading.Event,
        batch_records: int,
    ) -> None:
        self.topic = topic
        self._start = start
        self._stop = stop
        self._marked: dict[int, int] = {}
        self._gone: set[int] = set()
        self._subscription = Subscription(
            kafka.client_config(**CONSUMER_DEFAULTS, group_id=group),
            topic,
            self._start_positions,
            stop=stop,
            batch_records=batch_records,
            released=self._release,
        )

    @property
    def caught_up(self) -> bool:
        """As in ``Member``."""
        return self._subscription.caught_up

    @property
    def gone(self) -> Set[int]:
        """As in ``Member``."""
        return self._gone

    def poll(self, timeout_seconds: float) -> list[Record]:
        """As in ``Member``."""
        batch = self._subscription.poll_batch(timeout_seconds)
        self._gone.clear()
        for reason in self._subscription.stop_reasons.values():
            raise reason
        return [] if batch is None else batch.records

    def mark(self, partition: int, next_offset: int) -> None:
        """As in ``Member``."""
        self._marked[partition] = next_offset

    def commit(self) -> None:
        """As in ``Member``."""
        self._commit(self._marked)

    def linger(self, seconds: float) -> None:
        """As in ``Member``."""
        self._subscription.linger(seconds)

    def lag(self) -> Mapping[int, int]:
        """As in ``Member``."""
        return self._subscription.lag()

    def close(self) -> None:
        """As in ``Member``."""
        self.commit()
        self._subscription.close()

    def _start_positions(self, watermarks: Mapping[int, Watermarks]) -> Mapping[int, int]:
        starts = self._committed(watermarks)
        for partition, (low, high) in watermarks.items():
            if partition not in starts:
                # Marked, so that a group that begins at the end does not begin at a later end after a crash.
                starts[partition] = self._marked[partition] = low if self._start is Start.EARLIEST else high
        return starts

    def _committed(self, partitions: Collection[int]) -> dict[int, int]:
        def report(error: Exception, wait_seconds: float) -> None:
            log.warning("committed_offsets_unknown", topic=self.topic, error=str(error), wait_seconds=wait_seconds)

        return retry(
            lambda: self._subscription.committed(partitions), on=(KafkaException,), stop=self._stop, report=report
        )

    def _release(self, partitions: frozenset[int], may_commit: bool) -> None:
        marked = {partition: self._marked.pop(partition) for partition in partitions & self._marked.keys()}
        if may_commit:
            self._commit(marked)
        self._gone |= partitions

    def _commit(self, marked: dict[int, int]) -> None:
        if not marked:
            return
        try:
            self._subscription.commit(marked)
        except KafkaException as error:
            reason: KafkaError = error.args[0]
            if reason.fatal():
                raise
            # Repeated with the next commit; or the partitions are gone, and their next member repeats the records.
            log.warning("commit_postponed", topic=self.topic, error=reason.name())
        else:
            marked.clear()
