"""Overview records and what the sink must make of them, written without the product's code."""

from __future__ import annotations

import json
from collections.abc import Iterable

PARTITIONS = 3


def ref(number: int) -> str:
    """A party_ref that is different for each number."""
    return f"p1.{number:022d}"


def overview(party_ref: str, *, epoch: int = 1, version: int = 1, cases: dict[str, object] | None = None) -> bytes:
    """An overview as the stream writes it."""
    document = {
        "party_ref": party_ref,
        "epoch": epoch,
        "version": version,
        "updated_at": "2026-11-24T12:00:00Z",
        "cases": cases or {},
    }
    return json.dumps(document, separators=(",", ":")).encode()


def reference_rows(records: Iterable[tuple[str, bytes | None]]) -> dict[str, bytes]:
    """What must be in the table after these records of whole partitions, in order."""
    rows: dict[str, bytes] = {}
    for party_ref, value in records:
        if value is None:
            rows.pop(party_ref, None)
        elif party_ref not in rows or _state(value) > _state(rows[party_ref]):
            rows[party_ref] = value
    return rows


def _state(value: bytes) -> tuple[int, int]:
    document = json.loads(value)
    return document["epoch"], document["version"]
