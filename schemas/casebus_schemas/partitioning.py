"""Which partition a party's records go to: murmur2 of the ``party_ref`` alone, as Kafka's Java client computes it.

Computed here and not by the client, because an accepted record's key holds more than the party.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import lru_cache

_M = 0x5BD1E995
_MASK = 0xFFFFFFFF


def partition_of(party_ref: str, partitions: int) -> int:
    """The partition of everything about one party, in every topic that is partitioned by party."""
    return (murmur2(party_ref.encode()) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """Austin Appleby's MurmurHash2, 32 bits, with the seed of the Java client."""
    whole, rest = divmod(len(data), 4)
    h = 0x9747B28C ^ len(data)
    for k in _words(whole)(data):
        k = k * _M & _MASK
        h = h * _M & _MASK ^ (k ^ k >> 24) * _M & _MASK
    if rest:
        h = (h ^ int.from_bytes(data[whole * 4 :], "little")) * _M & _MASK
    h = (h ^ h >> 13) * _M & _MASK
    return h ^ h >> 15


@lru_cache(maxsize=64)
def _words(count: int) -> Callable[[bytes], tuple[int, ...]]:
    return struct.Struct(f"<{count}I").unpack_from
