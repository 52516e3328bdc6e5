"""The verifiers of access and identity tokens, from the settings."""

from __future__ import annotations

from casebus_consumers.profile.settings import ProfileOptions
from casebus_consumers.profile.signing_keys import SigningKeys, fetch_from
from casebus_consumers.profile.token_cache import TokenCache
from casebus_consumers.profile.tokens import TokenVerifier


def signing_keys(options: ProfileOptions) -> SigningKeys:
    """The provider's keys. Raises ``ValueError`` without a place to read them from."""
    place = options.jwks_file or options.jwks_url
    if place is None:
        raise ValueError("no source of signing keys")  # excluded by the settings' own rule
    return SigningKeys(
        fetch_from(place),
        cooldown_seconds=options.jwks_cooldown_seconds,
        lifetime_seconds=options.jwks_lifetime_seconds,
    )


def access_tokens(options: ProfileOptions, keys: SigningKeys, pepper: bytes) -> TokenCache:
    """Who holds an access token of the API."""
    verifier = _verifier(options, keys, pepper, audience=options.audience)
    return TokenCache(verifier.verify, size=options.token_cache_size, seconds=options.token_cache_seconds)


def identity_tokens(options: ProfileOptions, keys: SigningKeys, pepper: bytes) -> TokenVerifier | None:
    """The verifier of the login's identity tokens; None when no login is configured."""
    if options.login.client_id is None:
        return None
    return _verifier(options, keys, pepper, audience=options.login.client_id)


def _verifier(options: ProfileOptions, keys: SigningKeys, pepper: bytes, *, audience: str) -> TokenVerifier:
    return TokenVerifier(
        keys,
        issuer=options.issuer,
        audience=audience,
        pepper=pepper,
        high_assurance_acr=options.high_assurance_acr,
        claim_names=options.claims,
        clock_skew_seconds=options.clock_skew_seconds,
    )
