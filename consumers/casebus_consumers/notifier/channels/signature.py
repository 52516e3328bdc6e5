"""Signatures of webhook calls, after the Standard Webhooks specification, so that nobody can pass for us. Pure."""

from __future__ import annotations

import base64
import hmac

TOLERANCE_SECONDS = 300
"""How far the clocks may differ; an older call is a replay."""


def sign(secret: bytes, id: str, timestamp: int, body: bytes) -> str:
    """The value of ``webhook-signature``: HMAC-SHA-256 over id, time and body."""
    signed = b".".join((id.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()


def is_genuine(secret: bytes, id: str, timestamp: int, body: bytes, signature: str, *, now: float) -> bool:
    """What a receiver checks, before it looks whether it has had ``id`` already. ``now`` in seconds since 1970."""
    is_fresh = abs(now - timestamp) <= TOLERANCE_SECONDS
    # Several signatures stand there while a secret is being replaced.
    expected = sign(secret, id, timestamp, body)
    return is_fresh and any(hmac.compare_digest(expected, each) for each in signature.split())
