"""Checking tokens: every fault is refused, and no error holds a claim."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey
from tests.consumers.identity_provider import CITIZEN, PEPPER, IdentityProvider

from casebus_consumers.profile.bearer import bearer_token
from casebus_consumers.profile.entity_tag import entity_tag, is_match
from casebus_consumers.profile.identity import Identity, InvalidTokenError, MissingTokenError
from casebus_consumers.profile.token_cache import TokenCache
from casebus_local.tokens import AUDIENCE, HIGH_ASSURANCE, ISSUER
from casebus_schemas import insz_of, party_ref


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> IdentityProvider:
    return IdentityProvider(tmp_path_factory.mktemp("keys"))


def verify(provider: IdentityProvider, token: str, *, clock_skew_seconds: int = 0) -> Identity:
    return asyncio.run(provider.verifier(clock_skew_seconds=clock_skew_seconds).verify(token))


def token(provider: IdentityProvider, **changes: object) -> str:
    header = {"alg": "RS256", "kid": provider.keys.signing_key.kid}
    present = {name: value for name, value in claims(**changes).items() if value is not None}
    return jwt.encode(header, present, provider.keys.signing_key, ["RS256"])


def claims(**changes: object) -> dict[str, object]:
    now = int(time.time())
    return {"iss": ISSUER, "aud": AUDIENCE, "rrn": CITIZEN, "iat": now, "exp": now + 60, **changes}


def test_a_good_token_names_its_citizen_by_pseudonym_only(provider: IdentityProvider) -> None:
    identity = verify(provider, provider.tokens.issue(CITIZEN))
    assert identity.party_ref == party_ref(PEPPER, "citizen", CITIZEN)
    assert identity.high_assurance
    assert CITIZEN not in repr(identity)


@pytest.mark.parametrize("acr", ["http://eidas.europa.eu/LoA/low", "", None, [HIGH_ASSURANCE], 4])
def test_any_other_acr_is_not_high_assurance(provider: IdentityProvider, acr: object) -> None:
    assert not verify(provider, token(provider, acr=acr)).high_assurance


def test_one_of_several_audiences_is_enough(provider: IdentityProvider) -> None:
    assert verify(provider, provider.tokens.issue(CITIZEN, aud=["another", AUDIENCE]))


@pytest.mark.parametrize(
    "fault",
    [
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"aud": "another-service"},
        {"aud": ["another-service"]},
        {"aud": None},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": float("nan")},
        {"exp": 0},
        {"nbf": int(time.time()) + 3600},
        {"iat": int(time.time()) + 3600},
        {"rrn": None},
        {"rrn": 85073003328},
        {"rrn": CITIZEN[:-1] + str((int(CITIZEN[-1]) + 1) % 10)},
        {"rrn": ""},
    ],
)
def test_a_token_with_one_wrong_claim_is_refused(provider: IdentityProvider, fault: dict[str, object]) -> None:
    with pytest.raises(InvalidTokenError) as caught:
        verify(provider, token(provider, **fault))
    assert CITIZEN not in str(caught.value)


def test_a_clock_skew_is_granted_to_the_start_and_never_to_the_end(provider: IdentityProvider) -> None:
    now = int(time.time())
    assert verify(provider, provider.tokens.issue(CITIZEN, iat=now + 5, nbf=now + 5), clock_skew_seconds=60)
    with pytest.raises(InvalidTokenError, match="expired"):
        verify(provider, provider.tokens.issue(CITIZEN, lifetime_seconds=-1), clock_skew_seconds=60)


def unsigned() -> str:
    return jwt.encode({"alg": "none"}, claims(), OctKey.generate_key(), algorithms=["none"])


def signed_with_the_public_key_as_a_secret(provider: IdentityProvider) -> str:
    header = {"alg": "HS256", "kid": provider.keys.signing_key.kid}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims())]
    mac = hmac.digest(provider.keys.signing_key.as_pem(private=False), b".".join(parts), "sha256")
    return b".".join([*parts, base64.urlsafe_b64encode(mac).rstrip(b"=")]).decode()


def signed_by_a_stranger(provider: IdentityProvider) -> str:
    return jwt.encode(
        {"alg": "RS256", "kid": provider.keys.signing_key.kid}, claims(), RSAKey.generate_key(2048), ["RS256"]
    )


def with_an_unknown_kid(provider: IdentityProvider) -> str:
    return jwt.encode({"alg": "RS256", "kid": "unknown"}, claims(), provider.keys.signing_key, ["RS256"])


def with_another_algorithm_than_the_key_is_for(provider: IdentityProvider) -> str:
    key = RSAKey.import_key(provider.keys.signing_key.as_pem(private=True))
    return jwt.encode({"alg": "PS256", "kid": provider.keys.signing_key.kid}, claims(), key, ["PS256"])


def with_changed_claims(provider: IdentityProvider) -> str:
    one, other = provider.tokens.issue(CITIZEN), provider.tokens.issue(insz_of("900101001"))
    header, _, signature = one.split(".")
    return ".".join([header, other.split(".")[1], signature])


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")  # of the forged tokens
def test_a_forged_token_is_refused(provider: IdentityProvider) -> None:
    good = provider.tokens.issue(CITIZEN)
    forged = [
        unsigned(),
        signed_with_the_public_key_as_a_secret(provider),
        signed_by_a_stranger(provider),
        with_an_unknown_kid(provider),
        with_another_algorithm_than_the_key_is_for(provider),
        with_changed_claims(provider),
        good[:-4],
        good.rpartition(".")[0] + ".",
        good + ".more",
        "a.b.c",
        "é.é.é",
        "x" * 100_000,
        "",
    ]
    for each in forged:
        with pytest.raises(InvalidTokenError) as caught:
            verify(provider, each)
        assert CITIZEN not in str(caught.value)
        assert caught.value.__cause__ is None


def test_an_es256_key_of_the_provider_is_good(tmp_path: Path) -> None:
    provider = IdentityProvider(tmp_path)
    key = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})
    provider.keys.jwks_file.write_text(json.dumps(KeySet([key]).as_dict(private=False)))
    assert verify(provider, jwt.encode({"alg": "ES256", "kid": "ec"}, claims(), key, ["ES256"]))


@pytest.mark.parametrize("header", [None, "", "Basic dTpw", "Bear x"])
def test_without_credentials_the_token_is_missing(header: str | None) -> None:
    with pytest.raises(MissingTokenError):
        bearer_token(header)


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer a b", 'Bearer "a"', "Bearerx", "Bearer a,b"])
def test_a_malformed_header_is_refused(header: str) -> None:
    with pytest.raises(InvalidTokenError) as caught:
        bearer_token(header)
    assert not isinstance(caught.value, MissingTokenError)


@pytest.mark.parametrize("header", ["Bearer a.b-c_d", "bearer a.b-c_d", "BEARER  a.b-c_d "])
def test_the_scheme_is_read_in_any_case(header: str) -> None:
    assert bearer_token(header) == "a.b-c_d"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_verified_token_is_remembered_for_a_while_and_never_past_its_expiry() -> None:
    clock, verified = Clock(), []

    async def verify_token(token: str) -> Identity:
        verified.append(token)
        return Identity("p1.x", high_assurance=True, expires_at=1030.0 if token == "short" else 9999.0)

    cache = TokenCache(verify_token, size=2, seconds=60, clock=clock)

    def identify(*tokens: str) -> None:
        for each in tokens:
            asyncio.run(cache.identify(each))

    identify("long", "short", "long", "short")
    assert verified == ["long", "short"]
    clock.now = 1030.0
    identify("long", "short")
    assert verified == ["long", "short", "short"]
    clock.now = 1060.0
    identify("long")
    assert verified == ["long", "short", "short", "long"]
    assert "long" not in repr(vars(cache)), "no token may be kept"


def test_the_least_recently_used_token_is_dropped_first() -> None:
    verified = []

    async def verify_token(token: str) -> Identity:
        verified.append(token)
        return Identity("p1.x", high_assurance=True, expires_at=9e9)

    cache = TokenCache(verify_token, size=2, seconds=60)
    for each in ("a", "b", "a", "c", "a", "b"):
        asyncio.run(cache.identify(each))
    assert verified == ["a", "b", "c", "b"]


def test_a_refused_token_is_not_remembered() -> None:
    async def refuse(_token: str) -> Identity:
        raise InvalidTokenError("no")

    cache = TokenCache(refuse, size=2, seconds=60)
    with pytest.raises(InvalidTokenError):
        asyncio.run(cache.identify("a"))
    assert not cache._known


def test_tags_name_the_state_and_the_filtered_form() -> None:
    assert entity_tag(1, 42) == '"1-42"'
    assert entity_tag(1, 42, filtered_body=b"a") != entity_tag(1, 42, filtered_body=b"b") != entity_tag(1, 42)


@pytest.mark.parametrize(
    ("header", "matches"),
    [
        (None, False),
        ('"1-2"', True),
        ('W/"1-2"', True),
        ('"1-1", "1-2"', True),
        ("*", True),
        ('"1-1"', False),
        ("1-2", False),
    ],
)
def test_if_none_match_compares_weakly(header: str | None, *, matches: bool) -> None:
    assert is_match(header, '"1-2"') is matches
