"""Who looks at a page, in which language, and what every page of theirs has in common."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from casebus_consumers.profile.identity import KeysUnavailableError
from casebus_consumers.profile.language import language_named, preferred_language
from casebus_consumers.profile.login.cookies import LANGUAGE_SECONDS, Cookies
from casebus_consumers.profile.login.provider import LoginError, ProviderUnavailableError
from casebus_consumers.profile.login.sessions import Session, Sessions
from casebus_consumers.profile.overview_signals import TooManyStreamsError
from casebus_consumers.profile.overview_store import StoreUnavailableError
from casebus_consumers.profile.page.rendering import Renderer
from casebus_consumers.profile.page.words import Words, words_in
from casebus_consumers.profile.problems import RequestError
from casebus_consumers.profile.services import Services
from casebus_schemas import Language

Endpoint = Callable[[Request], Awaitable[Response]]
PageHandler = Callable[[Request, Session, Words], Awaitable[Response]]
OpenHandler = Callable[[Request, Words], Awaitable[Response]]

AWAY = (StoreUnavailableError, KeysUnavailableError, ProviderUnavailableError, TooManyStreamsError)
LOCAL_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9._~:/?=&%-]{0,500}", re.ASCII)


class Visitors:
    """Makes endpoints of handlers: finds the session and the language, and turns failures into pages."""

    def __init__(self, renderer: Renderer, services: Services, sessions: Sessions, cookies: Cookies) -> None:
        self.renderer = renderer
        self.services = services
        self.sessions = sessions
        self.cookies = cookies

    async def session(self, request: Request) -> Session | None:
        """The visitor's session, as the party that they are now. Raises ``StoreUnavailableError``."""
        key = self.cookies.get(request, self.cookies.session)
        found = await self.sessions.find(key, now=self.services.clock()) if key else None
        return None if found is None else replace(found, identity=self.services.aliases.resolved(found.identity))

    def for_anybody(self, handler: OpenHandler) -> Endpoint:
        """An endpoint that needs no session."""

        async def endpoint(request: Request) -> Response:
            words = self.words_for(request)
            try:
                response = await handler(request, words)
            except AWAY:
                response = self.problem(request, words, HTTPStatus.SERVICE_UNAVAILABLE, "unavailable")
                response.headers["retry-after"] = "1"
            except LoginError:
                response = self.problem(request, words, HTTPStatus.BAD_REQUEST, "login")
            except RequestError as error:
                kind = "not_found" if error.status == HTTPStatus.NOT_FOUND else "form"
                response = self.problem(request, words, error.status, kind)
            self._keep_language(request, response)
            return response

        return endpoint

    def for_citizen(self, handler: PageHandler, *, action: str, is_repeatable: bool = True) -> Endpoint:
        """An endpoint for who is logged in, written down as ``action``; others are sent to log in first."""

        async def handle(request: Request, words: Words) -> Response:
            session = await self.session(request)
            if session is None:
                return RedirectResponse(f"/login?return_to={local_path(request.url.path)}", HTTPStatus.SEE_OTHER)
            await self.services.access_log.record(session.identity, action, is_repeatable=is_repeatable)
            return await handler(request, session, words)

        return self.for_anybody(handle)

    def problem(self, request: Request, words: Words, status: HTTPStatus, kind: str) -> Response:
        """A page that says what is wrong and what can be done."""
        return self.renderer.render("problem.html", words, path=request.url.path, status=status, kind=kind)

    def words_for(self, request: Request) -> Words:
        """In the language asked for, else the one chosen before, else the first that the browser names."""
        return words_in(self._language(request))

    def _language(self, request: Request) -> Language:
        for chosen in (request.query_params.get("language"), self.cookies.get(request, self.cookies.language)):
            language = language_named(chosen or "")
            if language is not None:
                return language
        return preferred_language(request.headers.get("accept-language"))

    def _keep_language(self, request: Request, response: Response) -> None:
        language = language_named(request.query_params.get("language", ""))
        if language is not None:
            self.cookies.set(response, self.cookies.language, language, seconds=LANGUAGE_SECONDS)


def local_path(path: str) -> str:
    """``path`` when it leads to a page of ours, else the first one: a login must not send anybody elsewhere."""
    return path if LOCAL_PATH.fullmatch(path) else "/"
