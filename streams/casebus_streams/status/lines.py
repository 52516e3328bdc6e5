"""The lines of a snapshot: values that are shown as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

STAGES: Final = {"intake": "submitted", "overviews": "accepted", "sources": "activity"}
"""The parts that must always be there, and the kind of topic that each reads."""


@dataclass(frozen=True, slots=True)
class ReaderLine:
    """A consumer group. ``unread`` is None where the offsets are kept elsewhere, as the services' are in databases."""

    name: str
    state: str
    members: tuple[str, ...]
    partitions_held: int
    partitions: int
    per_second: float | None
    unread: int | None
    oldest_unread_seconds: float | None


@dataclass(frozen=True, slots=True)
class TopicLine:
    """One kind of topic, all agencies' together. ``records`` counts offsets, transactions' markers included."""

    name: str
    topics: int
    partitions: int
    records: int
    per_second: float
    under_replicated: int
    leaderless: int
