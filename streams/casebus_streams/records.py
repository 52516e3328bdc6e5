"""Records on their way in and out of a stage, free of any client."""

from __future__ import annotations

from typing import NamedTuple


class InRecord(NamedTuple):
    """A consumed record. ``timestamp_ms`` is when it was submitted to the bus, carried along through all stages."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int


class OutRecord(NamedTuple):
    """A record to write. ``partition`` -1 leaves the choice to the key."""

    topic: str
    partition: int
    key: bytes | str | None
    value: bytes | None
    timestamp_ms: int
