"""The public HTTP application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route

from casebus_consumers.profile.identity import Identity
from casebus_consumers.profile.observation import Observation, RequestMetrics
from casebus_consumers.profile.overview_endpoint import Overviews, overview_endpoint
from casebus_consumers.profile.problems import on_error, on_http_exception
from casebus_consumers.profile.response_headers import SecurityHeaders

OVERVIEW = "/v1/overview"


def public_application(
    identify: Callable[[str], Awaitable[Identity]],
    overviews: Overviews,
    metrics: RequestMetrics,
    *,
    log_access: bool,
) -> Starlette:
    """Everything that may be reached from outside."""
    return Starlette(
        routes=[Route(OVERVIEW, overview_endpoint(identify, overviews), methods=["GET"])],
        middleware=[
            Middleware(Observation, metrics=metrics, paths=[OVERVIEW], log_access=log_access),
            Middleware(SecurityHeaders),
        ],
        exception_handlers={HTTPException: on_http_exception, Exception: on_error},
    )
