"""The public HTTP application."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from casebus_consumers.profile.api.citizen import Identify
from casebus_consumers.profile.api.routes import api_routes
from casebus_consumers.profile.observation import Observation
from casebus_consumers.profile.page.routes import NO_PAGE, Page
from casebus_consumers.profile.problems import on_error, on_http_exception
from casebus_consumers.profile.request_metrics import RequestMetrics
from casebus_consumers.profile.request_spans import RequestSpans
from casebus_consumers.profile.response_headers import SecurityHeaders
from casebus_consumers.profile.services import Services


def public_application(
    identify: Identify,
    services: Services,
    metrics: RequestMetrics,
    *,
    page: Page = NO_PAGE,
    log_access: bool,
    spans: RequestSpans | None = None,
) -> Starlette:
    """Everything that may be reached from outside: the API, and the page when there is a login for it."""
    routes = [*api_routes(identify, services), *page.routes]
    return Starlette(
        routes=routes,
        middleware=[
            Middleware(Observation, metrics=metrics, routes=routes, log_access=log_access, spans=spans),
            Middleware(SecurityHeaders),
        ],
        exception_handlers={HTTPException: on_http_exception, Exception: page.on_error or on_error},
    )
