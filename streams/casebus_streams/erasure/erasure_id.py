"""The name of an erasure, in topics, receipt and audit log."""

from __future__ import annotations

from secrets import token_hex

_NO_DIGITS = str.maketrans("0123456789", "ghijklmnop")


def new_erasure_id() -> str:
    """128 random bits as 32 letters: one in fifty UUIDs holds what reads as a national number, which no log may."""
    return token_hex(16).translate(_NO_DIGITS)
