"""Two overviews of one party, side by side: whether they are the same, and if not, where they differ. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

_MOST_PATHS = 50


class Finding(StrEnum):
    """What is the matter with an overview that is not as it should be.

    ``COUNTERS``: only what counts or dates events differs, where the log cannot show again what was counted: events
    that arrived before greater ones had filled a case's history; those of a party that became an alias, which were
    deleted; and, once retention has been at work in the partition, cases that were retired or forgotten.
    """

    MISSING = "missing"
    UNEXPECTED = "unexpected"
    DIFFERENT = "different"
    COUNTERS = "counters"


@dataclass(frozen=True, slots=True)
class Difference:
    """One party's. ``paths`` name the fields that differ, at most 50 of them, never their values."""

    party_ref: str
    finding: Finding
    paths: tuple[str, ...] = ()


def compare(
    party_ref: str, expected: bytes | None, found: bytes | None, *, is_thinned: bool = False
) -> Difference | None:
    """How ``found`` differs from ``expected``; ``None`` when they are the same bytes.

    ``is_thinned``: retention has been at work in the log.
    """
    if expected == found:
        return None
    if found is None:
        return Difference(party_ref, Finding.MISSING)
    if expected is None:
        return Difference(party_ref, Finding.UNEXPECTED)
    try:
        left, right = orjson.loads(expected), orjson.loads(found)
    except orjson.JSONDecodeError:
        return Difference(party_ref, Finding.DIFFERENT, ("(not JSON)",))
    paths = tuple(_paths(left, right, "")) or ("(the order or form of the JSON)",)
    finding = Finding.COUNTERS if set(paths) <= _counters(left, right, is_thinned=is_thinned) else Finding.DIFFERENT
    return Difference(party_ref, finding, paths[:_MOST_PATHS])


def with_epoch(overview: bytes, epoch: int, *, instead_of: int) -> bytes:
    """The same overview under another epoch, which stands in its head: before anything an agency has said."""
    return overview.replace(b'"epoch":%d,' % instead_of, b'"epoch":%d,' % epoch, 1)


def _paths(left: Any, right: Any, path: str) -> Iterator[str]:
    if isinstance(left, dict) and isinstance(right, dict):
        for name in dict.fromkeys([*left, *right]):
            inner = f"cases[{name}]" if path == "cases" else f"{path}.{name}" if path else name
            if name in left and name in right:
                yield from _paths(left[name], right[name], inner)
            else:
                yield inner
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for place, (one, other) in enumerate(zip(left, right, strict=True)):
            yield from _paths(one, other, f"{path}[{place}]")
    elif left != right:
        yield path


def _counters(left: Any, right: Any, *, is_thinned: bool) -> set[str]:
    """The fields that may differ: a case of the party has outgrown its history, or events that counted are gone."""
    try:
        outgrown = {
            name
            for overview in (left, right)
            for name, case in overview["cases"].items()
            if case["events"] > len(case["history"])
        }
        are_aliases = "merged_into" in left and "merged_into" in right
    except (TypeError, KeyError, AttributeError):
        return set()
    if not (outgrown or are_aliases or is_thinned):
        return set()
    return {"version", "updated_at", *(f"cases[{name}].events" for name in outgrown)}
