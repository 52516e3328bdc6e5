"""When a partition needs a clock record: what day it is comes into the log only by what the stage writes there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from casebus_schemas import Clock, RetentionPolicy, clock_key, encode, new_clock
from casebus_streams.records import OutRecord

_LOOK_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 30.0
"""How long a clock record may be on its way through the log before it is written again: once more does no harm."""


def utc_now() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


class Ticker:
    """Asks for a clock record when a partition comes, when a UTC day begins and when the policy is another one.

    Also when a partition comes: its last clock is known only to who has read it, and the new one tells the same to this
    worker and to everyone who replays the log. Without a policy no clock is ever written.
    """

    def __init__(
        self,
        topic: str,
        policy: RetentionPolicy | None,
        *,
        now: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._topic = topic
        self._policy = policy
        self._now = now
        self._monotonic = monotonic
        self._looked_at = float("-inf")
        self._written_at: dict[int, float] = {}
        self._unfinished: set[int] = set()

    def due(self, partitions: Iterable[int], clocks: Mapping[int, Clock]) -> frozenset[int] | None:
        """Which of the partitions need a clock record; ``None`` when it is too soon to look again."""
        if self._policy is None or self._monotonic() - self._looked_at < _LOOK_SECONDS:
            return None
        self._looked_at = self._monotonic()
        return frozenset(partition for partition in partitions if self._needs(partition, clocks.get(partition)))

    def records(self, partitions: Iterable[int]) -> Iterator[OutRecord]:
        """The clock records of now for these partitions."""
        if self._policy is None:
            return
        now = self._now()
        today, timestamp = now.astimezone(UTC).date(), int(now.timestamp() * 1000)
        value = encode(new_clock(today, self._policy))
        for partition in sorted(partitions):
            yield OutRecord(self._topic, partition, clock_key(partition, today), value, timestamp)

    def written(self, partitions: Iterable[int]) -> None:
        """These partitions have got theirs; it comes round through the log."""
        for partition in partitions:
            self._written_at[partition] = self._monotonic()
            self._unfinished.discard(partition)

    def again(self, partition: int) -> None:
        """The last clock record was not applied to the end: another one must follow."""
        self._written_at.pop(partition, None)
        self._unfinished.add(partition)

    def forget(self, partitions: Iterable[int]) -> None:
        """These partitions are somebody else's now."""
        for partition in partitions:
            self._written_at.pop(partition, None)
            self._unfinished.discard(partition)

    def _needs(self, partition: int, clock: Clock | None) -> bool:
        if self._monotonic() - self._written_at.get(partition, float("-inf")) < _PATIENCE_SECONDS:
            return False
        if clock is None or partition in self._unfinished:
            return True
        return clock.at.date() < self._now().astimezone(UTC).date() or clock.policy != self._policy
