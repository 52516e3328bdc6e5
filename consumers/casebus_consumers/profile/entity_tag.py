"""Entity tags of overviews (RFC 9110, 8.8.3 and 13.1.2). Pure."""

from __future__ import annotations

import hashlib


def entity_tag(epoch: int, version: int, *, filtered_body: bytes | None = None, language: str | None = None) -> str:
    """``"<epoch>-<version>"``, and for another form of the document what makes it another.

    A document in one language ends in that; a filtered one differs by login and time and ends in a digest of it.
    """
    state = f"{epoch}-{version}" if language is None else f"{epoch}-{version}-{language}"
    if filtered_body is None:
        return f'"{state}"'
    return f'"{state}-{hashlib.sha256(filtered_body).hexdigest()[:12]}"'


def is_match(if_none_match: str | None, tag: str) -> bool:
    """Whether the header names this tag, by weak comparison; ``*`` names any."""
    if if_none_match is None:
        return False
    candidates = [candidate.strip().removeprefix("W/") for candidate in if_none_match.split(",")]
    return tag in candidates or candidates == ["*"]
