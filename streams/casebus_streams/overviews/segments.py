"""A batch in the pieces that may be grouped by party: a clock record concerns all parties, so it stands alone. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from casebus_schemas import is_clock_key
from casebus_streams.records import InRecord, party_of

CLOCK_PARTY: Final = b"!clock"
"""Under which ``by_party`` has clock records."""


def by_party(batch: list[InRecord]) -> dict[tuple[int, bytes], list[InRecord]]:
    """The batch's records per partition and party, in order, still undecoded: each is decoded just before it is folded.

    Decoding all of them first would have tens of thousands of objects leave the processor's cache and come back.
    Leaves out tombstones: who writes one has seen to it that the record has no effect any more.
    """
    parties: dict[tuple[int, bytes], list[InRecord]] = {}
    for record in batch:
        if record.value is not None:
            party = (record.partition, party_of(record))
            if (records := parties.get(party)) is not None:
                records.append(record)
            else:
                parties[party] = [record]
    return parties


def between_clocks(batch: list[InRecord]) -> Iterator[list[InRecord]]:
    """The batch cut so that each clock record is a piece of its own, in the order of the log."""
    start = 0
    for place, record in enumerate(batch):
        if record.value is not None and is_clock_key(record.key or b""):
            if place > start:
                yield batch[start:place]
            yield [record]
            start = place + 1
    if start < len(batch):
        yield batch[start:]


def clock_in(piece: list[InRecord]) -> InRecord | None:
    """The clock record of a piece, if that is what it is."""
    return piece[0] if len(piece) == 1 and is_clock_key(piece[0].key or b"") else None
