"""Who asks, after their token was checked."""

from __future__ import annotations

from dataclasses import dataclass

UNKNOWN_CLIENT = "unknown"


class InvalidTokenError(Exception):
    """A bearer token is missing or not good. Says which rule it breaks; never holds a claim or a part of it."""


class MissingTokenError(InvalidTokenError):
    """There is no bearer token at all."""


class KeysUnavailableError(Exception):
    """The identity provider's keys could never be read, so no token can be checked. Retry."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A party, by pseudonym, and how surely they logged in. Nothing here leads back to their number."""

    party_ref: str
    high_assurance: bool
    expires_at: float
    """Seconds since the epoch, as the token says."""
    client: str = UNKNOWN_CLIENT
    """The programme that asks for them, as their token names it; it stands in their access log."""
