"""Records on their way in and out of a stage, free of any client.

msgspec structs, because there are two or three for every event and they are made three times as fast as tuples with
names.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

ATTEMPT_HEADER: Final = "casebus-attempt"
"""The header of a replayed record: which attempt to handle it this is, in decimal digits."""


Partition = tuple[str, int]
"""A topic's name and a number."""

Headers = dict[str, str | bytes | None] | list[tuple[str, str | bytes | None]]
"""As the client gives them."""


class InRecord(Struct, gc=False, frozen=True):
    """A consumed record. ``timestamp_ms`` is when it was submitted to the bus, carried along through all stages.

    ``attempt`` is more than 1 for a record that was replayed from the dead letters.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int
    attempt: int = 1


def party_of(record: InRecord) -> bytes:
    """Whose record of the accepted log this is: its key begins with the party_ref. Empty without a key."""
    return (record.key or b"").partition(b"/")[0]


def agency_of(topic: str) -> str:
    """Whose topic this is, of those that exist once for each agency: its name ends in the OVO code."""
    return topic.rpartition(".")[2]


class OutRecord(Struct, gc=False, frozen=True):
    """A record to write. ``partition`` -1 leaves the choice to the key. ``headers`` only name traces."""

    topic: str
    partition: int
    key: bytes | str | None
    value: bytes | None
    timestamp_ms: int
    headers: Headers | None = None


def attempt_of(headers: Headers) -> int:
    """The attempt that a record's headers tell of; 1 when they tell of none, or of none that can be."""
    value = dict(headers).get(ATTEMPT_HEADER)
    return max(1, int(value)) if value is not None and len(value) <= 4 and value.isdigit() else 1
