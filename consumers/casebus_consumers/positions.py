"""Where the partitions of one topic stand for one member of a group: bookkeeping without any I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from casebus_consumers.records import Record, Span


class Positions:
    """The assigned partitions: where each is, where it was at the last batch, and what it must reach to be up to date.

    ``next`` holds the offset after the last record taken, of each partition that runs; a stopped one is not in it.
    """

    def __init__(self) -> None:
        self.next: dict[int, int] = {}
        self.stopped: dict[int, Exception] = {}
        self._batch_starts: dict[int, int] = {}
        self._ends: dict[int, int] = {}
        self._behind: dict[int, int] = {}
        self._arrived: set[int] = set()
        self._caught_up = False

    @property
    def caught_up(self) -> bool:
        """Whether every partition has once reached the end that it had at its assignment."""
        return self._caught_up

    def begin(self, partition: int, start: int, end: int) -> None:
        """A partition was assigned: it runs from ``start`` and has caught up at ``end``."""
        self.next[partition] = self._batch_starts[partition] = start
        self._behind[partition] = end

    def stop(self, partition: int, reason: Exception) -> None:
        """A partition goes no further until an operator has acted."""
        self.forget([partition])
        self.stopped[partition] = reason

    def forget(self, partitions: Collection[int]) -> None:
        """Partitions belong to somebody else now, or begin anew."""
        for partition in partitions:
            self.next.pop(partition, None)
            self.stopped.pop(partition, None)
            self._batch_starts.pop(partition, None)
            self._ends.pop(partition, None)
            self._behind.pop(partition, None)
            self._arrived.discard(partition)

    def reach_end(self, partition: int, offset: int) -> None:
        """The broker says that nothing readable comes before ``offset``, transaction markers included."""
        self._ends[partition] = offset

    def end_to_reach(self, partition: int) -> int:
        """The end that a partition had at its assignment, until that is reached; 0 from then on."""
        return self._behind.get(partition, 0)

    def is_at_end(self, partition: int) -> bool:
        """Whether nothing readable is left, as last heard."""
        return self.next.get(partition, 0) <= self._ends.get(partition, -1)

    def cut_spans(self, records: Iterable[Record]) -> dict[int, Span]:
        """The spans of a batch that holds all records taken since the last one."""
        spans: dict[int, Span] = {}
        for partition in {record.partition for record in records}:
            spans[partition] = Span(self._batch_starts[partition], self.next[partition])
            self._batch_starts[partition] = self.next[partition]
        return spans

    def note_progress(self) -> None:
        """Look which partitions have arrived; call it only once partitions have been assigned."""
        for partition, end in list(self._behind.items()):
            if self.is_at_end(partition) or self.next.get(partition, -1) >= end:
                del self._behind[partition]
                self._arrived.add(partition)
        self._caught_up = self._caught_up or not (self._behind or self.stopped)

    def take_arrived(self) -> frozenset[int]:
        """The partitions that have reached the end they had at their assignment, once all have; each told once."""
        if self._behind or self.stopped:
            return frozenset()
        arrived, self._arrived = frozenset(self._arrived), set()
        return arrived
