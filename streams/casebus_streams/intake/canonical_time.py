"""A time as the bus writes it: in UTC, ``2026-11-24T12:00:00Z``, with six decimals when it has any. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from msgspec import to_builtins

_CERTAIN: Final = re.compile(
    r"(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z"
).fullmatch
"""Canonical, and on a day that every month has."""
_CERTAIN_LENGTH: Final = len("2026-11-24T12:00:00Z")

_READABLE: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
).fullmatch
"""The part of what the contract allows that Python and pydantic read alike beyond doubt."""


def canonical_time(text: str) -> str:
    """``text`` as the bus writes it.

    Raises ``ValueError`` for a day that does not exist, and for forms that are best left to the contract's own door.
    """
    if len(text) == _CERTAIN_LENGTH and _CERTAIN(text):
        return text
    if not _READABLE(text):
        raise ValueError("not in a form that is certain")
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not UTC:
        try:
            moment = moment.astimezone(UTC)
        except OverflowError:
            raise ValueError("outside the years 1 to 9999 when written in UTC") from None
    written: str = to_builtins(moment)  # four times as fast as isoformat()
    return written
