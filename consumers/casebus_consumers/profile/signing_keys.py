"""The identity provider's public keys, cached."""

from __future__ import annotations

import asyncio
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPMessage
from pathlib import Path
from typing import IO, Any

import orjson
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from casebus_consumers.profile.identity import KeysUnavailableError

SigningKey = RSAKey | ECKey

FETCH_TIMEOUT_SECONDS = 5.0
LARGEST_KEY_SET_BYTES = 1024 * 1024

log = structlog.get_logger(__name__)


class SigningKeys:
    """Public keys by ``kid``, from ``fetch``, which blocks and gives a JSON Web Key Set.

    Fetched when first needed, then when an unknown ``kid`` comes, but at most once in ``cooldown_seconds``, so that
    made-up ones cannot make this service a burden to the provider; and again after ``lifetime_seconds``, so that a
    withdrawn key is forgotten. While the provider cannot be reached, the keys known are kept.
    """

    def __init__(
        self,
        fetch: Callable[[], bytes],
        *,
        cooldown_seconds: float,
        lifetime_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._cooldown_seconds = cooldown_seconds
        self._lifetime_seconds = lifetime_seconds
        self._clock = clock
        self._keys: dict[str, SigningKey] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._one_at_a_time = asyncio.Lock()

    async def find(self, kid: str | None) -> SigningKey | None:
        """The key named ``kid``, or the only one when a token names none; None when there is no such key.

        Raises ``KeysUnavailableError`` while no keys could be fetched.
        """
        key = self._known(kid)
        if key is None or self._clock() - self._fetched_at > self._lifetime_seconds:
            await self._refresh(kid)
            key = self._known(kid)
        if key is None and not self._keys:
            raise KeysUnavailableError("the identity provider's keys could not be read")
        return key

    def _known(self, kid: str | None) -> SigningKey | None:
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return None if kid is None else self._keys.get(kid)

    async def _refresh(self, kid: str | None) -> None:
        async with self._one_at_a_time:
            now = self._clock()
            if now - self._tried_at < self._cooldown_seconds:
                return
            self._tried_at = now
            try:
                self._keys = read_key_set(await asyncio.to_thread(self._fetch))
            except (OSError, ValueError) as error:
                log.error("jwks_unavailable", error=str(error))
            else:
                self._fetched_at = now
                log.info("jwks_fetched", keys=len(self._keys))


def read_key_set(document: bytes) -> dict[str, SigningKey]:
    """The RSA and EC signing keys of a JSON Web Key Set by ``kid``. Raises ``ValueError`` when it is not one.

    Symmetric keys are left out: with one, who can check a token could also make one.
    """
    try:
        keys = KeySet.import_key_set(orjson.loads(document))
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not a JSON Web Key Set with usable keys: {type(error).__name__}") from error
    return {
        key.kid: key
        for key in keys
        if isinstance(key, RSAKey | ECKey) and key.kid is not None and key.get("use", "sig") == "sig"
    }


def fetch_from(place: Path | str) -> Callable[[], bytes]:
    """A ``fetch`` that reads a file, or an https address. Both raise ``OSError``."""
    return place.read_bytes if isinstance(place, Path) else lambda: _download(place)


def _download(url: str) -> bytes:
    if not url.startswith("https://"):
        raise OSError("the address of the identity provider's keys must be https")
    opener = urllib.request.build_opener(_NoRedirects())
    with opener.open(url, timeout=FETCH_TIMEOUT_SECONDS) as response:
        document: bytes = response.read(LARGEST_KEY_SET_BYTES)
    return document


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect could lead away from https."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Any:
        """None: the redirect's status is raised as an ``HTTPError``."""
        return None
