"""How large an installation is: small, medium or large. The reasons stand in docs/operations/running.md."""

from __future__ import annotations

from dataclasses import dataclass

REPLICAS = 3
MIN_IN_SYNC = 2
"""A write needs two of the three: one broker can be away, for its restart or for good, and nothing stops or is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The Kafka cluster of one size.

    ``partitions`` of the topics by party are fixed once they are made: they bound how many workers share the
    overviews. With ``controllers`` 0 the brokers are the controllers. ``cpu`` is in cores, ``memory_gib`` and
    ``storage_gib`` are for each broker; half of the memory is the heap, the rest is for the file system's cache.
    """

    name: str
    partitions: int
    brokers: int
    controllers: int
    cpu: int
    memory_gib: int
    storage_gib: int


SMALL = Size(name="small", partitions=12, brokers=3, controllers=0, cpu=1, memory_gib=4, storage_gib=50)
MEDIUM = Size(name="medium", partitions=24, brokers=3, controllers=3, cpu=2, memory_gib=8, storage_gib=200)
LARGE = Size(name="large", partitions=48, brokers=6, controllers=3, cpu=4, memory_gib=16, storage_gib=500)

SIZES: tuple[Size, ...] = (SMALL, MEDIUM, LARGE)
