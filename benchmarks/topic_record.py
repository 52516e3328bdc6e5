"""A record for a topic, free of any client."""

from __future__ import annotations

from typing import NamedTuple


class TopicRecord(NamedTuple):
    """A record to fill a topic with; partition -1 leaves the choice to the key."""

    partition: int
    key: bytes | str | None
    value: bytes | None
