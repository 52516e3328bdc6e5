"""A make-believe identity provider and the verifier that trusts it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from casebus_consumers.profile.signing_keys import SigningKeys, fetch_from
from casebus_consumers.profile.tokens import TokenVerifier
from casebus_local.keys import LocalKeys
from casebus_local.tokens import AUDIENCE, HIGH_ASSURANCE, ISSUER, TokenIssuer
from casebus_schemas import insz_of

PEPPER = b"0123456789abcdef0123456789abcdef"
CITIZEN = insz_of("850730033")
OTHER_CITIZEN = insz_of("900101001")


@dataclass
class IdentityProvider:
    """Keys in a directory, and tokens signed with them."""

    directory: Path
    tokens: TokenIssuer = field(init=False)

    def __post_init__(self) -> None:
        self.keys = LocalKeys(self.directory)
        self.keys.create()
        self.tokens = TokenIssuer(self.keys.signing_key)

    def verifier(self, *, clock_skew_seconds: int = 0) -> TokenVerifier:
        """The product's verifier, configured for this provider."""
        keys = SigningKeys(fetch_from(self.keys.jwks_file), cooldown_seconds=30, lifetime_seconds=3600)
        return TokenVerifier(
            keys,
            issuer=ISSUER,
            audience=AUDIENCE,
            pepper=PEPPER,
            high_assurance_acr=[HIGH_ASSURANCE],
            clock_skew_seconds=clock_skew_seconds,
        )
