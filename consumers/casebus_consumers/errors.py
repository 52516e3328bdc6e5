"""What can go wrong while records are read and stored.

``ConsumerError``
    ``PositionOutOfRangeError``  the stored offset is not in the topic: the partition stops, an operator decides
    ``PositionConflictError``    another process stored the partition's offset: go on from the stored one
    ``DeadLetterError``          a dead letter could not be written: the partition stops
    ``UnreadableRecordError``    a record breaks its contract and there is no topic for dead letters: the process stops
    ``HandlingError``            a record was not handled after all attempts, likewise: the process stops
    ``TableEndedError``          overviews in memory are no longer kept up to date: the process stops
    ``MigrationError``           the database schema is not what this release expects: the process stops
    ``StopRequestedError``       the process was asked to stop while it waited
"""

from __future__ import annotations

from collections.abc import Iterable


class ConsumerError(Exception):
    """Root of this package's errors."""


class PositionOutOfRangeError(ConsumerError):
    """The offset stored for a partition lies outside what the topic holds: records were lost, or it was made anew.

    Never retried and never skipped: starting elsewhere would miss tombstones or read another topic's history.
    """

    def __init__(self, topic: str, partition: int, offset: int, low: int, high: int) -> None:
        self.topic, self.partition, self.offset, self.low, self.high = topic, partition, offset, low, high
        super().__init__(
            f"next_offset {offset} stored for {topic}[{partition}] is outside {low}..{high}: records were lost or the "
            "topic was made anew; delete what was made from it and its stored offsets to read it from the start"
        )


class PositionConflictError(ConsumerError):
    """The stored offset is not where this process left it: its batch must be thrown away. Read the stored one."""

    def __init__(self, topic: str, partitions: Iterable[int]) -> None:
        self.topic, self.partitions = topic, frozenset(partitions)
        super().__init__(f"another process stored the offsets of {topic}{sorted(self.partitions)}")


class DeadLetterError(ConsumerError):
    """A record can neither be stored nor set aside. Its partition must stop: going on would lose it."""

    def __init__(self, topic: str, reasons: dict[int, str]) -> None:
        self.topic, self.reasons = topic, reasons
        super().__init__(f"no dead letter could be written for {topic}: {reasons}")


class UnreadableRecordError(ConsumerError):
    """A record breaks its contract. Mend its writer, or name a topic for dead letters; then start again."""

    def __init__(self, position: str, problem: str) -> None:
        self.position, self.problem = position, problem
        super().__init__(f"{position}: {problem}")


class HandlingError(ConsumerError):
    """A record could not be handled: its cause is the handler's own error. Mend the handler and start again."""

    def __init__(self, position: str, attempts: int, error: Exception) -> None:
        self.position, self.attempts = position, attempts
        super().__init__(f"{position}: not handled after {attempts} attempts: {type(error).__name__}")


class TableEndedError(ConsumerError):
    """What is in memory grows old: its cause says why nothing more is read. Start the process again."""


class MigrationError(ConsumerError):
    """A migration that was applied differs from the one of the same number in this release."""


class StopRequestedError(ConsumerError):
    """The process was asked to stop while an operation waited for its next attempt."""
