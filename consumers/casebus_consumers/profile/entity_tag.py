"""Entity tags of overviews (RFC 9110, 8.8.3 and 13.1.2). Pure."""

from __future__ import annotations

import hashlib


def entity_tag(epoch: int, version: int, *, filtered_body: bytes | None = None) -> str:
    """``"<epoch>-<version>"``. A filtered document differs by login and time, so its tag ends in a digest of it."""
    if filtered_body is None:
        return f'"{epoch}-{version}"'
    return f'"{epoch}-{version}-{hashlib.sha256(filtered_body).hexdigest()[:12]}"'


def is_match(if_none_match: str | None, tag: str) -> bool:
    """Whether the header names this tag, by weak comparison; ``*`` names any."""
    if if_none_match is None:
        return False
    candidates = [candidate.strip().removeprefix("W/") for candidate in if_none_match.split(",")]
    return tag in candidates or candidates == ["*"]
