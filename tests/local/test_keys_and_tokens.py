from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet, RSAKey
from joserfc.jwt import Claims

from casebus_local.keys import SIGNING_ALGORITHM, LocalKeys
from casebus_local.tokens import AUDIENCE, ISSUER, TokenIssuer

INSZ = "85073003328"


@pytest.fixture
def keys(tmp_path: Path) -> LocalKeys:
    keys = LocalKeys(tmp_path / "keys")
    keys.create()
    return keys


def claims_of(token: str, jwks_file: Path) -> Claims:
    key_set = KeySet.import_key_set(json.loads(jwks_file.read_text()))
    return jwt.decode(token, key_set, algorithms=[SIGNING_ALGORITHM]).claims


def test_token_verifies_against_the_published_keys(keys: LocalKeys) -> None:
    token = TokenIssuer(keys.signing_key).issue(INSZ, acr="low", lifetime_seconds=60)

    claims = claims_of(token, keys.jwks_file)

    assert (claims["iss"], claims["aud"], claims["rrn"], claims["acr"]) == (ISSUER, AUDIENCE, INSZ, "low")
    assert claims["exp"] - claims["iat"] == 60
    assert abs(claims["iat"] - time.time()) < 10
    assert INSZ not in claims["sub"]


def test_claims_can_be_replaced_and_left_out(keys: LocalKeys) -> None:
    token = TokenIssuer(keys.signing_key).issue(INSZ, aud="another", exp=None)

    claims = claims_of(token, keys.jwks_file)

    assert claims["aud"] == "another"
    assert "exp" not in claims


def test_token_of_another_issuer_does_not_verify(keys: LocalKeys) -> None:
    forger = RSAKey.generate_key(2048, {"kid": str(keys.signing_key.kid)})

    with pytest.raises(BadSignatureError):
        claims_of(TokenIssuer(forger).issue(INSZ), keys.jwks_file)


def test_published_keys_hold_nothing_private(keys: LocalKeys) -> None:
    (key,) = json.loads(keys.jwks_file.read_text())["keys"]

    assert set(key) == {"kty", "n", "e", "kid", "use", "alg"}


def test_secret_files_are_readable_by_the_owner_only(keys: LocalKeys) -> None:
    assert len(bytes.fromhex(keys.pepper_file.read_text())) == 32
    secret_files = [keys.pepper_file, keys.pepper_file.with_name("signing-key.json")]
    assert [file.stat().st_mode & 0o777 for file in secret_files] == [0o600, 0o600]


def test_existing_keys_are_kept(keys: LocalKeys) -> None:
    before = keys.pepper_file.read_text(), keys.jwks_file.read_text()

    keys.create()

    assert (keys.pepper_file.read_text(), keys.jwks_file.read_text()) == before
