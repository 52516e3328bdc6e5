"""A set of offsets in little memory is still a set."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casebus_producers.feedback.offset_ranges import OffsetRanges
from casebus_schemas import Position


def at(partition: int, offset: int) -> Position:
    return Position(topic="t", partition=partition, offset=offset)


@given(st.sets(st.tuples(st.integers(0, 2), st.integers(0, 30))))
def test_ranges_are_a_set(places: set[tuple[int, int]]) -> None:
    ranges = OffsetRanges()
    for partition, offset in sorted(places):
        ranges.add(at(partition, offset))
    found = {(partition, offset) for partition in range(4) for offset in range(32) if at(partition, offset) in ranges}
    assert found == places
    assert len(ranges) == len(places)
    assert ranges.next_offsets() == {
        partition: max(offset for number, offset in places if number == partition) + 1
        for partition in {partition for partition, _ in places}
    }


def test_neighbours_take_no_more_room() -> None:
    ranges = OffsetRanges()
    for offset in range(1000):
        ranges.add(at(0, offset))
    assert ranges._partitions[0].starts == [0]


def test_going_back_is_refused() -> None:
    ranges = OffsetRanges()
    ranges.add(at(0, 5))
    with pytest.raises(ValueError, match="must rise"):
        ranges.add(at(0, 5))
