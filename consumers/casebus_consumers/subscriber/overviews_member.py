"""A member that reads whichever overviews are live."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Set

import structlog
from confluent_kafka import KafkaException

from casebus_consumers.records import Record
from casebus_consumers.retry import retry
from casebus_consumers.subscriber.group_member import GroupMember
from casebus_producers.epochs import EpochReader

log = structlog.get_logger(__name__)


class OverviewsMember:
    """``Member`` that goes to the new topic after a rebuild, where its group begins at the beginning.

    ``join`` makes the member of a topic. A switch is noticed between two polls.
    """

    def __init__(self, epochs: EpochReader, join: Callable[[str], GroupMember], *, stop: threading.Event) -> None:
        self._epochs = epochs
        self._join = join
        self._stop = stop
        self._current: GroupMember | None = None

    @property
    def topic(self) -> str:
        """As in ``Member``."""
        return "" if self._current is None else self._current.topic

    @property
    def caught_up(self) -> bool:
        """As in ``Member``; of the topic that is live now."""
        return self._current is not None and self._current.caught_up

    @property
    def gone(self) -> Set[int]:
        """As in ``Member``."""
        return frozenset() if self._current is None else self._current.gone

    def poll(self, timeout_seconds: float) -> list[Record]:
        """As in ``Member``. Also blocks while Kafka does not say which topic is live."""
        if self._current is not None and self._epochs.latest().topic != self._current.topic:
            self._current.close()
            self._current = None
        if self._current is None:
            self._current = self._join(self._live_topic())
        return self._current.poll(timeout_seconds)

    def mark(self, partition: int, next_offset: int) -> None:
        """As in ``Member``."""
        if self._current is not None:
            self._current.mark(partition, next_offset)

    def commit(self) -> None:
        """As in ``Member``."""
        if self._current is not None:
            self._current.commit()

    def linger(self, seconds: float) -> None:
        """As in ``Member``."""
        if self._current is None:
            self._stop.wait(seconds)
        else:
            self._current.linger(seconds)

    def lag(self) -> Mapping[int, int]:
        """As in ``Member``."""
        return {} if self._current is None else self._current.lag()

    def close(self) -> None:
        """As in ``Member``."""
        if self._current is not None:
            self._current.close()
        self._epochs.close()

    def _live_topic(self) -> str:
        def report(error: Exception, wait_seconds: float) -> None:
            log.warning("live_overviews_unknown", error=str(error), wait_seconds=wait_seconds)

        live = retry(self._epochs.read, on=(KafkaException,), stop=self._stop, report=report)
        log.info("following_overviews", topic=live.topic, epoch=live.epoch)
        return live.topic
