"""How far a reader of partitions is behind: in records, in seconds, and whether it moves at all. Does no I/O."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Hashable, Mapping
from typing import Generic, TypeVar

Partition = TypeVar("Partition", bound=Hashable)


class LagMeter(Generic[Partition]):
    """The lag of one reader, over all of its partitions.

    Its thread tells it three things, none of them for each record: which records it has taken in hand (``took``), what
    it is done with (``settled``), and now and then how many records of each partition are still to come (``observe``).
    The properties may be read from any thread, and seconds go on rising when the reader's own thread hangs.

    How old the next unread record is, nobody knows before it is read. It is not older than the last one that was
    handled, nor than the moment when nothing was left to read: the later of the two stands in for it. Of a partition
    of which neither is known yet, the batch in hand tells.
    """

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._unread_since: dict[Partition, float] = {}
        self._moved_at: dict[Partition, float] = {}
        self._in_hand_since: tuple[float, float] | None = None
        self._records = 0
        self._partitions = 0
        self._oldest: float | None = None
        self._stuck_since: float | None = None

    @property
    def records(self) -> int:
        """Records that were there at the last look and are not settled."""
        return self._records

    @property
    def seconds(self) -> float:
        """The age of the oldest record that is not settled, as well as it can be known; 0 when there is none."""
        in_hand = self._in_hand_since
        return self._since([self._oldest, in_hand and in_hand[0]])

    @property
    def stalled_seconds(self) -> float:
        """How long the partition that has waited longest has not moved, although it has records; 0 when all move."""
        in_hand = self._in_hand_since
        return self._since([self._stuck_since, in_hand and in_hand[1]])

    @property
    def partitions(self) -> int:
        """How many partitions the reader had at the last look."""
        return self._partitions

    def took(self, timestamp_ms: int) -> None:
        """A batch is in hand; its first record has this timestamp. Taking the same one again changes nothing."""
        if self._in_hand_since is None:
            self._in_hand_since = (timestamp_ms / 1000, self._clock())

    def dropped(self) -> None:
        """What was in hand is somebody else's now."""
        self._in_hand_since = None

    def settled(self, latest_ms: Mapping[Partition, int]) -> None:
        """The batch in hand is done; its last record of each partition had this timestamp."""
        self._in_hand_since = None
        now = self._clock()
        for partition, timestamp_ms in latest_ms.items():
            self._moved_at[partition] = now
            self._unread_since[partition] = max(self._unread_since.get(partition, 0.0), timestamp_ms / 1000)

    def observe(self, behind: Mapping[Partition, int | None]) -> None:
        """The reader's partitions are these, with so many unsettled records each; None where nobody knows yet."""
        now = self._clock()
        at_end = {partition: now for partition, left in behind.items() if left == 0}
        late = [partition for partition, left in behind.items() if left]
        self._unread_since = _of(behind, self._unread_since) | at_end
        self._moved_at = dict.fromkeys(behind, now) | _of(behind, self._moved_at) | at_end
        self._records = sum(left or 0 for left in behind.values())
        self._oldest = min((self._unread_since[each] for each in late if each in self._unread_since), default=None)
        self._stuck_since = min((self._moved_at[each] for each in late), default=None)
        self._partitions = len(behind)

    def _since(self, moments: list[float | None]) -> float:
        known = [moment for moment in moments if moment is not None]
        return max(0.0, self._clock() - min(known)) if known else 0.0


def _of(partitions: Collection[Partition], moments: Mapping[Partition, float]) -> dict[Partition, float]:
    return {partition: moment for partition, moment in moments.items() if partition in partitions}
