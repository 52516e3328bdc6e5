"""The cache of the identity provider's keys."""

from __future__ import annotations

import asyncio
import json

import pytest
from joserfc.jwk import ECKey, Key, KeySet, OctKey, RSAKey

from casebus_consumers.profile.identity import KeysUnavailableError
from casebus_consumers.profile.signing_keys import SigningKeys, fetch_from, read_key_set


def key(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig"})


def key_set(*keys: Key) -> bytes:
    return json.dumps(KeySet(list(keys)).as_dict(private=False)).encode()


class Provider:
    """Counts what it is asked."""

    def __init__(self, *keys: Key) -> None:
        self.document: bytes | None = key_set(*keys)
        self.asked = 0
        self.now = 0.0

    def fetch(self) -> bytes:
        self.asked += 1
        if self.document is None:
            raise OSError("away")
        return self.document

    def keys(self) -> SigningKeys:
        return SigningKeys(self.fetch, cooldown_seconds=30, lifetime_seconds=3600, clock=lambda: self.now)


def test_keys_are_fetched_once_and_an_unknown_kid_asks_again_after_the_cooldown() -> None:
    async def scenario() -> None:
        provider = Provider(key("a"))
        keys = provider.keys()
        await asyncio.gather(*(keys.find("a") for _ in range(10)))
        assert provider.asked == 1
        provider.document = key_set(key("a"), key("b"))
        assert await keys.find("b") is None, "within the cool-down"
        provider.now = 31
        assert await keys.find("b") is not None
        for _ in range(100):
            await keys.find("made up")
        assert provider.asked == 2

    asyncio.run(scenario())


def test_a_withdrawn_key_is_forgotten_within_the_lifetime() -> None:
    async def scenario() -> None:
        provider = Provider(key("a"), key("b"))
        keys = provider.keys()
        assert await keys.find("a") is not None
        provider.document = key_set(key("b"))
        provider.now = 3601
        assert await keys.find("a") is None

    asyncio.run(scenario())


def test_known_keys_are_kept_while_the_provider_is_away() -> None:
    async def scenario() -> None:
        provider = Provider(key("a"))
        keys = provider.keys()
        assert await keys.find("a") is not None
        for document in (None, b"<html>", b"{}", b'{"keys":[]}'):
            provider.document = document
            provider.now += 3601
            assert await keys.find("a") is not None
        assert provider.asked == 5

    asyncio.run(scenario())


def test_without_any_key_no_token_can_be_judged() -> None:
    async def scenario() -> None:
        provider = Provider(key("a"))
        provider.document = None
        with pytest.raises(KeysUnavailableError):
            await provider.keys().find("a")

    asyncio.run(scenario())


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_only_public_signing_keys_of_the_set_count() -> None:
    rsa = RSAKey.generate_key(2048, {"kid": "enc", "use": "enc"})
    secret: dict[str, str | list[str]] = {"kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0", "kid": "oct"}
    document = json.loads(key_set(key("a"), rsa))
    document["keys"].append(secret)
    assert OctKey.import_key(secret)
    assert read_key_set(json.dumps(document).encode()).keys() == {"a"}


def test_only_https_is_fetched() -> None:
    with pytest.raises(OSError, match="https"):
        fetch_from("http://login.example/jwks")()
