"""A listener for tests of a source alone."""

from __future__ import annotations

from casebus_streams.records import Partition


class Indifferent:
    """Wants nothing of its partitions."""

    def assigned(self, partitions: list[Partition]) -> None: ...

    def revoked(self, partitions: list[Partition]) -> None: ...

    def out_of_range(self, partition: Partition) -> None: ...
