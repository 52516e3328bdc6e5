"""The answers that intake has written: keys of accepted records, positions of refused ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from casebus_schemas import DeadLetter, Position, Rejection, Verdict, decode
from casebus_streams.records import InRecord


class AcceptedKeys:
    """Which keys there are in the accepted log. Tombstones count: what was deleted since had been accepted.

    Keeps 64 bits of each key, in some 65 bytes of memory. A missing key is taken for one of ten million
    that are there with a probability of one in two million million.
    """

    def __init__(self) -> None:
        self._hashes: set[int] = set()

    def add(self, record: InRecord) -> None:
        """Take in the key of a record of the accepted log."""
        self._hashes.add(hash(record.key))

    def missing(self, keys: Iterable[str]) -> int:
        """How many of ``keys`` are not there."""
        return sum(hash(key.encode()) not in self._hashes for key in keys)


def rejected_positions(records: Iterable[InRecord]) -> Iterator[Position]:
    """Where the events lie that these records of a rejected topic refuse."""
    words = (decode(Rejection, record.value or b"") for record in records)
    return (word.position for word in words if word.verdict is Verdict.REJECTED)


def set_aside_positions(records: Iterable[InRecord]) -> Iterator[Position]:
    """Where the records lie that these dead letters are about."""
    return (decode(DeadLetter, record.value or b"").position for record in records)
