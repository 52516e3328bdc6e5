"""A chain of hashes: each link's covers the one before, so that a changed, removed or reordered link shows. Pure.

What it cannot show is an end that was cut off, or a chain made anew from some link on: for that, keep the last link's
sequence and hash elsewhere, and give it as an anchor.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

FIRST_SEQUENCE: Final = 1


class Link(NamedTuple):
    """What a chain is made of: a position, counted from 1, what it says, and its hash in hexadecimal."""

    sequence: int
    content: bytes
    hash: str


class Fault(StrEnum):
    """What is wrong at a link."""

    CHANGED = "changed"
    """Its hash is not that of its content after the link before: one of the two was changed."""
    MISSING = "missing"
    """Links before it are not there."""
    REORDERED = "reordered"
    """It comes after a later one, or a second time."""
    UNREADABLE = "unreadable"
    """What stands there is no link at all."""
    CUT = "cut"
    """The chain ends before a link that an anchor says was there."""
    REPLACED = "replaced"
    """An anchor says that it had another hash: the chain was made anew."""


class Break(NamedTuple):
    """A fault and the sequence at which it shows."""

    sequence: int
    fault: Fault


def hash_after(previous_hash: str, content: bytes) -> str:
    """The hash of a link with ``content``: SHA-256 over the bytes of the hash before it and the content."""
    return hashlib.sha256(bytes.fromhex(previous_hash) + content).hexdigest()


def breaks(
    links: Iterable[Link],
    *,
    previous_sequence: int = FIRST_SEQUENCE - 1,
    previous_hash: str = "",
    anchors: Mapping[int, str] | None = None,
) -> Iterator[Break]:
    """Everything that is wrong with ``links``, which should follow the link with ``previous_hash``, oldest first.

    ``anchors`` are hashes by sequence, as they were once seen.
    """
    expected = dict(anchors or {})
    for link in links:
        if link.sequence <= previous_sequence:
            yield Break(link.sequence, Fault.REORDERED)
            continue
        if link.sequence > previous_sequence + 1:
            yield Break(link.sequence, Fault.MISSING)
        elif hash_after(previous_hash, link.content) != link.hash:
            yield Break(link.sequence, Fault.CHANGED)
        if expected.pop(link.sequence, link.hash) != link.hash:
            yield Break(link.sequence, Fault.REPLACED)
        previous_sequence, previous_hash = link.sequence, link.hash
    for sequence in sorted(expected):
        yield Break(sequence, Fault.CUT if sequence > previous_sequence else Fault.MISSING)
