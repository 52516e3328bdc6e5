"""Which records of a topic are one's own, in little memory: those of one writer mostly lie side by side."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from casebus_schemas import Position


@dataclass(slots=True)
class _Ranges:
    """Disjoint, rising, half-open ranges of offsets."""

    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)


@dataclass(slots=True)
class OffsetRanges:
    """A set of positions in one topic. Positions of a partition come in rising order, as Kafka confirms them."""

    _partitions: dict[int, _Ranges] = field(default_factory=dict)

    def add(self, position: Position) -> None:
        """Take ``position`` in. Raises ``ValueError`` when it does not lie after all others of its partition."""
        ranges = self._partitions.setdefault(position.partition, _Ranges())
        if ranges.ends and position.offset < ranges.ends[-1]:
            raise ValueError("offsets of a partition must rise")
        if ranges.ends and position.offset == ranges.ends[-1]:
            ranges.ends[-1] += 1
        else:
            ranges.starts.append(position.offset)
            ranges.ends.append(position.offset + 1)

    def __contains__(self, position: Position) -> bool:
        ranges = self._partitions.get(position.partition, _Ranges())
        index = bisect_right(ranges.starts, position.offset) - 1
        return index >= 0 and position.offset < ranges.ends[index]

    def __len__(self) -> int:
        """How many positions there are."""
        return sum(
            end - start
            for ranges in self._partitions.values()
            for start, end in zip(ranges.starts, ranges.ends, strict=True)
        )

    def next_offsets(self) -> dict[int, int]:
        """For each partition, the offset after the last position in it."""
        return {number: ranges.ends[-1] for number, ranges in self._partitions.items()}
