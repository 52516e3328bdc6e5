"""The profile service as a citizen's portal would call it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, NamedTuple

import httpx

from casebus_local.tokens import TokenIssuer

_CONNECTIONS = 12
_RETRY_SECONDS = 0.05


class Answer(NamedTuple):
    """A citizen's overview, and the ETag to ask for changes with."""

    overview: dict[str, Any]
    etag: str


class ProfileClient:
    """One keep-alive connection for one caller. Blocks."""

    def __init__(self, base_url: str, tokens: TokenIssuer) -> None:
        self._http = httpx.Client(base_url=base_url, timeout=10)
        self._tokens = tokens

    def headers_of(self, insz: str) -> dict[str, str]:
        """What a citizen's request carries after login."""
        return {"Authorization": f"Bearer {self._tokens.issue(insz)}"}

    def overview(self, headers: Mapping[str, str], etag: str = "") -> Answer | None:
        """The overview, or None when it is still the one with ``etag``. Raises ``httpx.HTTPError``."""
        answer = self._http.get("/v1/overview", headers={**headers, "If-None-Match": etag} if etag else headers)
        if answer.status_code == httpx.codes.NOT_MODIFIED:
            return None
        answer.raise_for_status()
        return Answer(answer.json(), answer.headers["ETag"])

    def close(self) -> None:
        """Close the connection."""
        self._http.close()


def all_overviews(
    base_url: str, tokens: TokenIssuer, citizens: Mapping[str, tuple[str, int]], *, timeout_seconds: float
) -> dict[str, dict[str, Any]]:
    """The overview of each citizen, given as ``party_ref -> (number, version)``, over a few connections.

    Asks again while a version is lower than the one given; past the limit what there is counts. Blocks.
    """

    async def fetch() -> dict[str, dict[str, Any]]:
        deadline = time.monotonic() + timeout_seconds
        limits = httpx.Limits(max_connections=_CONNECTIONS)
        async with httpx.AsyncClient(base_url=base_url, limits=limits, timeout=10) as http:
            todo = iter(citizens.items())
            found: dict[str, dict[str, Any]] = {}

            async def worker() -> None:
                found.update({ref: overview async for ref, overview in _overviews(http, tokens, todo, deadline)})

            await asyncio.gather(*(worker() for _ in range(_CONNECTIONS)))
            return found

    return asyncio.run(fetch())


async def _overviews(
    http: httpx.AsyncClient, tokens: TokenIssuer, todo: Iterable[tuple[str, tuple[str, int]]], deadline: float
) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    for party_ref, (number, version) in todo:
        headers = {"Authorization": f"Bearer {tokens.issue(number)}"}
        while True:
            answer = await http.get("/v1/overview", headers=headers)
            answer.raise_for_status()
            overview = answer.json()
            if overview.get("version", 0) >= version or time.monotonic() > deadline:
                break
            await asyncio.sleep(_RETRY_SECONDS)
        yield party_ref, overview
