"""The page's routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from casebus_consumers.profile.api.export import export
from casebus_consumers.profile.login.cookies import Cookies
from casebus_consumers.profile.login.endpoints import begin_login, end_login, logout
from casebus_consumers.profile.login.options import LoginOptions
from casebus_consumers.profile.login.provider import CALLBACK, Provider
from casebus_consumers.profile.login.sessions import Session, Sessions
from casebus_consumers.profile.observation import OTHER
from casebus_consumers.profile.page.handlers import first_page, live, show_access, show_case
from casebus_consumers.profile.page.notifications_page import PATH as NOTIFICATIONS
from casebus_consumers.profile.page.notifications_page import show_notifications
from casebus_consumers.profile.page.preferences_page import PATH as PREFERENCES
from casebus_consumers.profile.page.preferences_page import save_preferences, show_preferences
from casebus_consumers.profile.page.rendering import Renderer
from casebus_consumers.profile.page.static_files import static_files
from casebus_consumers.profile.page.visitor import PageHandler, Visitors
from casebus_consumers.profile.page.words import Words
from casebus_consumers.profile.problems import RequestError, on_error
from casebus_consumers.profile.services import Services
from casebus_consumers.profile.settings import ProfileOptions
from casebus_consumers.profile.tokens import TokenVerifier


class Page(NamedTuple):
    """The page's routes, and what answers a request that ended in an error nobody foresaw."""

    routes: list[Route]
    on_error: Callable[[Request, Exception], Awaitable[Response]] | None


NO_PAGE = Page([], None)


def page(options: ProfileOptions, services: Services, sessions: Sessions, verifier: TokenVerifier | None) -> Page:
    """The page; none without a login, of which ``verifier`` checks the identity tokens.

    Reads the templates' surroundings from files. Raises ``ValueError`` and ``OSError`` when one is of no use.
    """
    provider = _provider(options.login)
    if provider is None or verifier is None:
        return NO_PAGE
    renderer = Renderer(options.page, options.login)
    cookies = Cookies(is_secure=provider.public_url.startswith("https://"))
    visitors = Visitors(renderer, services, sessions, cookies)
    names, acr = options.page.agency_names(), " ".join(sorted(options.high_assurance_acr))
    anybody, citizen = visitors.for_anybody, visitors.for_citizen
    routes = [
        Route("/", anybody(first_page(visitors, names)), methods=["GET"]),
        Route("/live", anybody(live(visitors)), methods=["GET"]),
        Route(
            "/cases/{agency}/{case_id:path}", citizen(show_case(visitors, names), action="case.read"), methods=["GET"]
        ),
        Route(NOTIFICATIONS, citizen(show_notifications(visitors), action="notifications.list"), methods=["GET"]),
        Route(PREFERENCES, citizen(show_preferences(visitors), action="preferences.read"), methods=["GET"]),
        Route(
            PREFERENCES,
            citizen(save_preferences(visitors), action="preferences.change", is_repeatable=False),
            methods=["POST"],
        ),
        Route("/access", citizen(show_access(visitors), action="access-log.read"), methods=["GET"]),
        Route("/export", citizen(_download(services), action="export.read", is_repeatable=False), methods=["GET"]),
        Route("/login", anybody(begin_login(visitors, provider, high_assurance_acr=acr)), methods=["GET"]),
        Route(CALLBACK, anybody(end_login(visitors, provider, verifier)), methods=["GET"]),
        Route("/logout", anybody(logout(visitors, provider)), methods=["POST"]),
        Route("/static/{digest}/{name}", static_files(), methods=["GET"]),
        Route("/{path:path}", anybody(_no_such_page), methods=["GET"], name=OTHER),
    ]
    return Page(routes, _on_error(visitors))


def _provider(login: LoginOptions) -> Provider | None:
    if (
        login.public_url is None
        or login.client_id is None
        or login.authorization_endpoint is None
        or login.token_endpoint is None
    ):
        return None
    return Provider(
        public_url=login.public_url,
        client_id=login.client_id,
        client_secret=login.client_secret(),
        authorization_endpoint=login.authorization_endpoint,
        token_endpoint=login.token_endpoint,
        end_session_endpoint=login.end_session_endpoint,
        scope=login.scope,
    )


def _download(services: Services) -> PageHandler:
    handler = export(services)

    async def handle(request: Request, session: Session, _words: Words) -> Response:
        return await handler(request, session.identity)

    return handle


async def _no_such_page(request: Request, _words: Words) -> Response:
    """A page for people, a problem document for programs."""
    if _is_for_people(request):
        raise RequestError(HTTPStatus.NOT_FOUND, "there is no such page")
    raise HTTPException(HTTPStatus.NOT_FOUND)


def _on_error(visitors: Visitors) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handle(request: Request, error: Exception) -> Response:
        if not _is_for_people(request):
            return await on_error(request, error)
        words = visitors.words_for(request)
        return visitors.problem(request, words, HTTPStatus.INTERNAL_SERVER_ERROR, "unavailable")

    return handle


def _is_for_people(request: Request) -> bool:
    return not request.url.path.startswith("/v1/") and "text/html" in request.headers.get("accept", "")
