"""Access tokens of the make-believe identity provider."""

from __future__ import annotations

import secrets
import time

from joserfc import jwt
from joserfc.jwk import RSAKey

from casebus_local.keys import SIGNING_ALGORITHM

ISSUER = "https://login.casebus.test"
AUDIENCE = "casebus-profile"
HIGH_ASSURANCE = "http://eidas.europa.eu/LoA/high"


class TokenIssuer:
    """Signs what a citizen's login would give, with the claims of ACM/IDM Vlaanderen."""

    def __init__(self, key: RSAKey) -> None:
        self._key = key

    def issue(self, insz: str, *, acr: str = HIGH_ASSURANCE, lifetime_seconds: int = 3600, **overrides: object) -> str:
        """A signed JWT for the citizen ``insz``, valid from now.

        ``rrn`` holds the national number; ``sub`` is random, as a provider's pairwise subject is. ``overrides``
        replace claims by name; None leaves the claim out. A negative lifetime gives an expired token.
        """
        now = int(time.time())
        claims: dict[str, object] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": secrets.token_urlsafe(16),
            "rrn": insz,
            "iat": now,
            "exp": now + lifetime_seconds,
            "acr": acr,
            **overrides,
        }
        present = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": SIGNING_ALGORITHM, "kid": self._key.kid}
        return jwt.encode(header, present, self._key, algorithms=[SIGNING_ALGORITHM])
