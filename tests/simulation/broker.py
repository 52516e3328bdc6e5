"""The whole in-memory cluster: logs, one group per stage, one coordinator of transactions."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from random import Random

from tests.simulation.consumer_group import ConsumerGroup
from tests.simulation.coordinator import TransactionCoordinator
from tests.simulation.partition_log import Entry, PartitionLog, Place


class MemoryBroker:
    """Topics are given with their partition counts. All its randomness comes from ``rng``."""

    def __init__(self, topics: Mapping[str, int], rng: Random) -> None:
        self.rng = rng
        self.logs = {
            (topic, number): PartitionLog((topic, number)) for topic, count in topics.items() for number in range(count)
        }
        self.committed: dict[Place, int] = {}
        self.coordinator = TransactionCoordinator(self.logs, self.committed, rng)
        self.groups: dict[str, ConsumerGroup] = {}
        self.are_clients_faulty = True
        self._counts = dict(topics)

    def group(self, group_id: str) -> ConsumerGroup:
        return self.groups.setdefault(group_id, ConsumerGroup(self.rng))

    def places(self, subscription: str) -> set[Place]:
        """The partitions of a topic, or of the topics that a pattern (``^…``) matches."""
        if subscription.startswith("^"):
            return {place for place in self.logs if re.fullmatch(subscription.strip("^$"), place[0])}
        return {place for place in self.logs if place[0] == subscription}

    def partition_for(self, topic: str, key: bytes | None) -> int:
        return zlib.crc32(key or b"") % self._counts[topic]

    def publish(self, topic: str, key: bytes | None, value: bytes | None) -> None:
        """A record from outside, not in a transaction."""
        place = topic, self.partition_for(topic, key)
        self.logs[place].append(Entry(key, value, 0))

    def read(self, topic: str) -> list[Entry]:
        """All committed records of a topic, in the order of each partition."""
        return [entry for place in sorted(self.places(topic)) for entry in self.logs[place].committed()]

    def is_read_to_the_end(self, subscription: str) -> bool:
        """Whether every committed record is behind the committed offset."""
        for place in self.places(subscription):
            log = self.logs[place]
            if log.stable_end < log.end:
                return False
            start = self.committed.get(place, 0)
            if any(log.is_committed(offset) for offset in range(start, log.end)):
                return False
        return True
