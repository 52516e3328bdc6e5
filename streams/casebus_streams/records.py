"""Records on their way in and out of a stage, free of any client.

msgspec structs, because there are two or three for every event and they are made three times as fast as tuples with
names.
"""

from __future__ import annotations

from msgspec import Struct


class InRecord(Struct, gc=False, frozen=True):
    """A consumed record. ``timestamp_ms`` is when it was submitted to the bus, carried along through all stages."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int


class OutRecord(Struct, gc=False, frozen=True):
    """A record to write. ``partition`` -1 leaves the choice to the key."""

    topic: str
    partition: int
    key: bytes | str | None
    value: bytes | None
    timestamp_ms: int
