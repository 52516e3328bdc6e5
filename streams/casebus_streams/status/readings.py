"""What was read of a cluster at one moment: values only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Place = tuple[str, int]
"""A topic and a partition."""


@dataclass(frozen=True, slots=True)
class Member:
    """One process of a consumer group."""

    client_id: str
    host: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class GroupReading:
    """One consumer group. ``committed`` has no entry for a partition of which nothing was committed."""

    name: str
    state: str
    members: tuple[Member, ...] = ()
    committed: Mapping[Place, int] = field(default_factory=dict)
    oldest_unread_seconds: float | None = None
    """The age of the next record to be read, the oldest of all partitions; None when all is read."""

    @property
    def places(self) -> frozenset[Place]:
        """All that it reads now, or has read."""
        return frozenset(self.committed) | {place for member in self.members for place in member.places}


@dataclass(frozen=True, slots=True)
class ClusterReading:
    """A cluster at ``at``, seconds since 1970. ``begins``, ``ends``: offsets; ``notes`` tell what cannot be seen."""

    at: float
    brokers: int
    begins: Mapping[Place, int]
    ends: Mapping[Place, int]
    groups: Mapping[str, GroupReading]
    leaderless: frozenset[Place] = frozenset()
    under_replicated: frozenset[Place] = frozenset()
    notes: tuple[str, ...] = ()

    def partitions_of(self, topics: Iterable[str]) -> frozenset[Place]:
        """Every partition of these topics."""
        wanted = frozenset(topics)
        return frozenset(place for place in self.ends if place[0] in wanted)


def unread(place: Place, committed: Mapping[Place, int], begins: Mapping[Place, int], ends: Mapping[Place, int]) -> int:
    """How many offsets of a partition are still to be read by a group that has committed these."""
    return max(0, ends.get(place, 0) - max(committed.get(place, 0), begins.get(place, 0)))
