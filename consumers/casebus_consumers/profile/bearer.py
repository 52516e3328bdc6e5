"""The ``Authorization`` header (RFC 6750). Pure."""

from __future__ import annotations

import re

from casebus_consumers.profile.identity import InvalidTokenError, MissingTokenError

CREDENTIALS = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)


def bearer_token(authorization: str | None) -> str:
    """The token in the header's value. Raises ``MissingTokenError`` without one, ``InvalidTokenError`` if malformed."""
    if authorization is None or not authorization[:7].lower().startswith("bearer"):
        raise MissingTokenError("a bearer token is needed")
    match = CREDENTIALS.fullmatch(authorization.strip())
    if match is None:
        raise InvalidTokenError("the Authorization header must be: Bearer, a space, the token")
    return match[1]
