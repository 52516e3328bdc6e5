"""The port between a subscriber and where its records come from: Kafka, or memory in a test."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Protocol

from casebus_consumers.records import Record


class Member(Protocol):
    """A member of a consumer group whose offsets the group keeps. Not thread-safe: one thread at a time."""

    @property
    def topic(self) -> str:
        """Where the records of the last ``poll`` came from."""

    @property
    def caught_up(self) -> bool:
        """Whether all that was there when this member got its partitions has been handed out."""

    @property
    def gone(self) -> Set[int]:
        """Partitions that went to somebody else since the last ``poll``: what is left of them must not be handled."""

    def poll(self, timeout_seconds: float) -> list[Record]:
        """What is there now, waiting at most so long for the first record. Blocks.

        Raises ``PositionOutOfRangeError`` and ``KafkaException`` when going on could miss records.
        """

    def mark(self, partition: int, next_offset: int) -> None:
        """Everything before ``next_offset`` is handled. Stored by the next ``commit``, or when the partition goes."""

    def commit(self) -> None:
        """Store what is marked. Blocks. What cannot be stored now stays marked."""

    def linger(self, seconds: float) -> None:
        """Remain a member for so long, or until asked to stop, without a record. Blocks."""

    def lag(self) -> Mapping[int, int]:
        """Records still to come, by partition, as last heard."""

    def close(self) -> None:
        """Store what is marked and leave the group. Blocks for at most a few seconds."""
