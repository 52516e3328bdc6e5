"""Partitions: as Kafka's Java client computes them, evenly spread."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casebus_schemas import DEFAULT_PARTITIONS, murmur2, partition_of, party_ref
from casebus_schemas.identifiers import insz_of

JAVA = {
    "21": -973932308,
    "foobar": -790332482,
    "a-little-bit-long-string": -985981536,
    "a-little-bit-longer-string": -1486304829,
    "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    "abc": 479470107,
}
"""The Java client's own test vectors, signed 32-bit integers as Java prints them."""


@pytest.mark.parametrize(("text", "signed"), JAVA.items())
def test_murmur2_as_in_the_java_client(text: str, signed: int) -> None:
    assert murmur2(text.encode()) == signed & 0xFFFFFFFF


@pytest.mark.parametrize(("text", "signed"), JAVA.items())
def test_partition_drops_the_sign_bit(text: str, signed: int) -> None:
    assert partition_of(text, 12) == (signed & 0x7FFFFFFF) % 12


@given(st.text(max_size=60), st.integers(1, 400))
def test_partition_is_within_the_topic(ref: str, partitions: int) -> None:
    assert 0 <= partition_of(ref, partitions) < partitions


def test_parties_spread_evenly() -> None:
    refs = [party_ref(b"pepper", "citizen", insz_of(f"{number:09d}")) for number in range(6_000)]
    counts = Counter(partition_of(ref, DEFAULT_PARTITIONS) for ref in refs)
    assert len(counts) == DEFAULT_PARTITIONS
    assert max(counts.values()) < 1.25 * min(counts.values())
