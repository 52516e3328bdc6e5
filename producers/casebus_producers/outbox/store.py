"""What a relay needs of the database: rows to send, taken so that no other relay sends a later one of their case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One event that waits. Its representation leaves the event out."""

    id: str
    case_id: str
    payload: bytes = field(repr=False)
    created_at: datetime


class Claim(Protocol):
    """Rows that are this relay's for as long as the claim is open, oldest first, each case without a gap."""

    @property
    def rows(self) -> Sequence[OutboxRow]:
        """What to send; empty when nothing waits, or when other relays have it."""

    def settle(self, *, sent: Sequence[str], refused: Mapping[str, str]) -> None:
        """Delete the rows ``sent`` by id; keep the ``refused`` ones in the table, each with its problem."""


class OutboxStore(Protocol):
    """The outbox of one agency in one database. Every call may block and raise ``OutboxError``. Not thread-safe."""

    def claim(self, limit: int) -> AbstractContextManager[Claim]:
        """Take up to ``limit`` rows. What was settled holds once the block ends without an error.

        After any error, and after the death of the process, all rows are there as before.
        """

    def wait(self, timeout_seconds: float) -> bool:
        """Return True as soon as events may have been added, False when ``timeout_seconds`` went by without a sign."""

    def waiting(self) -> tuple[int, int]:
        """How many rows wait to be sent, and how many were refused."""

    def close(self) -> None:
        """Give back the connection. A second call does nothing."""
