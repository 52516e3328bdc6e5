"""The ledger of a workload: what it meant to send, what the broker acknowledged, what it refused.

The producing process writes it; the checker reads it. Neither imports the product.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class LedgerWriter:
    """Appends lines; ``sync`` makes them survive anything."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a")

    def intend(self, number: int, topic: str, key: bytes | None, value: bytes | None, *, is_valid: bool) -> None:
        entry = {"topic": topic, "key": _text(key), "value": _text(value), "valid": is_valid}
        self._write(number, "intended", **entry)

    def acknowledge(self, number: int) -> None:
        self._write(number, "acked")

    def refuse(self, number: int, error: str) -> None:
        self._write(number, "refused", error=error)

    def sync(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())

    def _write(self, number: int, what: str, **more: Any) -> None:
        self._file.write(json.dumps({"number": number, "what": what, **more}) + "\n")


@dataclass(frozen=True)
class Sent:
    """One event that the broker acknowledged."""

    topic: str
    value: bytes | None
    is_valid: bool


@dataclass(frozen=True)
class Ledger:
    """What became of a workload so far."""

    intended: int
    acked: tuple[Sent, ...]
    refused: int

    @property
    def is_complete(self) -> bool:
        """Whether each event is acknowledged or refused."""
        return self.intended > 0 and self.intended == len(self.acked) + self.refused


def read_ledger(path: Path) -> Ledger:
    """The ledger as it stands; a half-written last line is not counted."""
    intended: dict[int, Sent] = {}
    acked: list[Sent] = []
    refused = 0
    for line in _lines(path):
        if line["what"] == "intended":
            intended[line["number"]] = Sent(line["topic"], _bytes(line["value"]), line["valid"])
        elif line["what"] == "acked":
            acked.append(intended[line["number"]])
        else:
            refused += 1
    return Ledger(len(intended), tuple(acked), refused)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    lines: Iterable[str] = path.read_text().splitlines(keepends=True) if path.exists() else ()
    return (json.loads(line) for line in lines if line.endswith("\n"))


def _text(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def _bytes(value: str | None) -> bytes | None:
    return None if value is None else base64.b64decode(value)
