"""Which overview a token opens."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from tests.consumers.identity_provider import CITIZEN, PEPPER, IdentityProvider

from casebus_consumers.profile.claims import ClaimNames, client_of, party_of
from casebus_consumers.profile.identity import InvalidTokenError
from casebus_consumers.profile.signing_keys import SigningKeys, fetch_from
from casebus_consumers.profile.tokens import TokenVerifier
from casebus_local.tokens import ISSUER
from casebus_schemas import PartyKind, kbo_of, party_ref

ALL = ClaimNames(enterprise="kbo", establishment="unit", association="vcode")
COMPANY, UNIT = kbo_of("01234567"), kbo_of("21234567")


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"rrn": CITIZEN}, (PartyKind.CITIZEN, CITIZEN)),
        ({"rrn": CITIZEN, "kbo": COMPANY}, (PartyKind.ENTERPRISE, COMPANY)),
        ({"rrn": CITIZEN, "unit": UNIT}, (PartyKind.ESTABLISHMENT, UNIT)),
        ({"vcode": "V0001001"}, (PartyKind.ASSOCIATION, "V0001001")),
        ({"rrn": CITIZEN, "kbo": None}, (PartyKind.CITIZEN, CITIZEN)),
    ],
)
def test_a_login_on_behalf_of_an_organisation_opens_the_organisations(
    claims: dict[str, object], expected: tuple[PartyKind, str]
) -> None:
    assert party_of(claims, ALL) == expected


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"rrn": CITIZEN, "kbo": COMPANY, "vcode": "V0001001"},
        {"rrn": CITIZEN, "kbo": UNIT},
        {"rrn": CITIZEN, "kbo": ""},
        {"rrn": CITIZEN, "vcode": "V\u0661\u0662\u0663\u0664\u0665\u0666\u0667"},
        {"rrn": CITIZEN, "unit": COMPANY},
        {"rrn": COMPANY},
    ],
)
def test_a_claim_that_breaks_its_rule_is_refused_and_never_falls_back_to_the_person(claims: dict[str, object]) -> None:
    with pytest.raises(InvalidTokenError) as caught:
        party_of(claims, ALL)
    assert CITIZEN not in str(caught.value)


def test_a_claim_nobody_configured_means_nothing() -> None:
    assert party_of({"rrn": CITIZEN, "kbo": COMPANY}, ClaimNames()) == (PartyKind.CITIZEN, CITIZEN)


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"azp": "city-portal"}, "city-portal"),
        ({"client_id": "app"}, "app"),
        ({"azp": CITIZEN}, "unknown"),
        ({"azp": "a b"}, "unknown"),
        ({"azp": 3}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_the_client_is_a_plain_name_and_never_a_number(claims: dict[str, object], expected: str) -> None:
    assert client_of(claims) == expected


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> IdentityProvider:
    return IdentityProvider(tmp_path_factory.mktemp("keys"))


def login_verifier(provider: IdentityProvider) -> TokenVerifier:
    keys = SigningKeys(fetch_from(Path(provider.keys.jwks_file)), cooldown_seconds=30, lifetime_seconds=3600)
    return TokenVerifier(keys, issuer=ISSUER, audience="page", pepper=PEPPER, high_assurance_acr=[])


def test_a_login_has_a_name_without_numbers(provider: IdentityProvider) -> None:
    token = provider.tokens.issue(CITIZEN, aud="page", nonce="n", given_name="Emma", family_name=f"P {CITIZEN}")
    login = asyncio.run(login_verifier(provider).verify_login(token, nonce="n"))
    assert login.identity.party_ref == party_ref(PEPPER, "citizen", CITIZEN)
    assert login.display_name.startswith("Emma P ")
    assert CITIZEN not in login.display_name


@pytest.mark.parametrize(
    "changes",
    [{"nonce": "other"}, {"nonce": None}, {"nonce": 1}, {"aud": "casebus-profile"}, {"exp": int(time.time()) - 1}],
)
def test_a_login_by_a_token_made_for_something_else_is_refused(
    provider: IdentityProvider, changes: dict[str, object]
) -> None:
    claims: dict[str, object] = {"aud": "page", "nonce": "n", **changes}
    token = provider.tokens.issue(CITIZEN, **claims)  # type: ignore[arg-type]  # only overrides
    with pytest.raises(InvalidTokenError):
        asyncio.run(login_verifier(provider).verify_login(token, nonce="n"))
