"""An event's JSON in a form in which its bytes tell all about its characters. Pure."""

from __future__ import annotations

from typing import Final

import orjson

_HIDES: Final = (b"\\u", b"\\b", b"\\f")
"""Escapes that can write a digit, or a control character that no text may hold; the others only write what may
stand in a text: quotes, slashes, tabs and line ends."""


def plain_json(value: bytes) -> bytes | None:
    """``value`` without any escape that can hide a digit or a control character, and without DEL; else nothing.

    Many libraries write ``é`` as an escape: such JSON is written anew. Of two members of one name the last remains, as
    everywhere in the contract. Never raises.
    """
    if b"\\" in value:
        if b"\\u" in value:
            try:
                value = orjson.dumps(orjson.loads(value))
            except (orjson.JSONDecodeError, orjson.JSONEncodeError):
                return None
        if any(escape in value for escape in _HIDES):
            return None
    return None if b"\x7f" in value else value
