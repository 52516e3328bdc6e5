"""Checking a bearer token: signature, issuer, audience, times, and the claim that says who it is."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from joserfc import jws, jwt
from joserfc.errors import JoseError

from casebus_consumers.profile.claims import ClaimNames, client_of, party_of
from casebus_consumers.profile.identity import Identity, InvalidTokenError
from casebus_consumers.profile.signing_keys import SigningKeys
from casebus_schemas import party_ref
from casebus_schemas.national_number import redact

ALGORITHMS = ["RS256", "PS256", "ES256"]
LARGEST_TOKEN_BYTES = 8192
NAME_CLAIMS = ("given_name", "family_name")
LONGEST_NAME = 100


class Login(NamedTuple):
    """What an identity token says at login: who it is, and how to address them."""

    identity: Identity
    display_name: str


class TokenVerifier:
    """Turns a token into an ``Identity``. The party's number is in no attribute, result or error of it."""

    def __init__(
        self,
        keys: SigningKeys,
        *,
        issuer: str,
        audience: str,
        pepper: bytes,
        high_assurance_acr: Collection[str],
        claim_names: ClaimNames | None = None,
        clock_skew_seconds: int = 0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._pepper = pepper
        self._high_assurance_acr = frozenset(high_assurance_acr)
        self._claim_names = claim_names or ClaimNames()
        self._clock = clock
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(clock()),
            leeway=clock_skew_seconds,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
        )

    async def verify(self, token: str) -> Identity:
        """Who holds the token. Raises ``InvalidTokenError`` and ``KeysUnavailableError``.

        The skew between the provider's clock and ours is granted to ``nbf`` and ``iat``, never to ``exp``.
        """
        return self._identity(await self._valid_claims(token))

    async def verify_login(self, token: str, *, nonce: str) -> Login:
        """Who has logged in, by an identity token made for the login that ``nonce`` names. Raises as ``verify``."""
        claims = await self._valid_claims(token)
        given = claims.get("nonce")
        if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
            raise InvalidTokenError("claim nonce: must be the one of this login")
        names = [name for claim in NAME_CLAIMS if isinstance(name := claims.get(claim), str)]
        return Login(self._identity(claims), redact(" ".join(names))[:LONGEST_NAME])

    async def _valid_claims(self, token: str) -> dict[str, Any]:
        if len(token) > LARGEST_TOKEN_BYTES:
            raise InvalidTokenError(f"the token must have at most {LARGEST_TOKEN_BYTES} characters")
        claims = await self._signed_claims(token)
        try:
            self._claims.validate(claims)
        except JoseError as error:
            raise InvalidTokenError(_rule(error)) from None
        if float(claims["exp"]) <= self._clock():
            raise InvalidTokenError("the token has expired")
        return claims

    def _identity(self, claims: dict[str, Any]) -> Identity:
        kind, number = party_of(claims, self._claim_names)
        acr = claims.get("acr")
        return Identity(
            party_ref=party_ref(self._pepper, kind, number),
            high_assurance=isinstance(acr, str) and acr in self._high_assurance_acr,
            expires_at=float(claims["exp"]),
            client=client_of(claims),
        )

    async def _signed_claims(self, token: str) -> dict[str, Any]:
        try:
            header = jws.extract_compact(token.encode("ascii")).headers()
            algorithm, kid = header.get("alg"), header.get("kid")
            if algorithm not in ALGORITHMS:
                raise InvalidTokenError(f"the signature's algorithm must be one of {', '.join(ALGORITHMS)}")
            key = await self._keys.find(kid if isinstance(kid, str) else None)
            if key is None:
                raise InvalidTokenError("the signing key is not known")
            # Also refuses a key that the provider means for another algorithm.
            return jwt.decode(token, key, algorithms=[algorithm]).claims
        except (JoseError, ValueError) as error:
            # Not chained: the original could quote a part of the token.
            raise InvalidTokenError(f"the token cannot be verified ({type(error).__name__})") from None


def _rule(error: JoseError) -> str:
    claim = getattr(error, "claim", None)
    return f"claim {claim}: {error.error}" if claim else str(error.error)
