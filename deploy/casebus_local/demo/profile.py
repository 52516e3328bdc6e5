"""The profile service as a citizen's portal would call it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import httpx
import orjson

from casebus_local.tokens import TokenIssuer

_CONNECTIONS = 12
_RETRY_SECONDS = 0.05
_DATA = "data: "


async def overview_versions(http: httpx.AsyncClient, headers: Mapping[str, str]) -> AsyncIterator[int]:
    """The version of each overview in a citizen's stream of server-sent events, as their open page gets them.

    0 while there is none. Ends when the service closes the stream. Raises ``httpx.HTTPError``.
    """
    async with http.stream("GET", "/v1/overview/stream", headers=headers) as answer:
        answer.raise_for_status()
        async for line in answer.aiter_lines():
            if (version := version_in(line)) is not None:
                yield version


def version_in(line: str) -> int | None:
    """The version of the overview in a line of the stream, 0 while there is none; None for another kind of line."""
    return int(orjson.loads(line.removeprefix(_DATA)).get("version", 0)) if line.startswith(_DATA) else None


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
