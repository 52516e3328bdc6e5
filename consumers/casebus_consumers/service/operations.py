"""What only the cluster may ask, on a port of its own: health and metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Checks = Callable[[], Awaitable[dict[str, bool]]]


def operations_application(checks: Checks, registry: CollectorRegistry) -> Starlette:
    """``/livez`` (the event loop answers), ``/readyz`` (all checks hold, else 503 naming them), ``/metrics``."""

    async def livez(_request: Request) -> Response:
        return Response(b'{"alive":true}', media_type="application/json")

    async def readyz(_request: Request) -> Response:
        results = await checks()
        status = 200 if all(results.values()) else 503
        return Response(orjson.dumps(results), status, media_type="application/json")

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})

    return Starlette(routes=[Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", metrics)])
