"""``/login``, ``/login/callback`` and ``/logout``."""

from __future__ import annotations

import hmac
from dataclasses import replace
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from casebus_consumers.profile.identity import InvalidTokenError
from casebus_consumers.profile.login.cookies import LOGIN_SECONDS
from casebus_consumers.profile.login.provider import LoginError, Provider, new_attempt
from casebus_consumers.profile.login.sessions import PAGE_CLIENT, Session
from casebus_consumers.profile.page.visitor import OpenHandler, Visitors, local_path
from casebus_consumers.profile.page.words import Words
from casebus_consumers.profile.problems import RequestError
from casebus_consumers.profile.tokens import TokenVerifier


def begin_login(visitors: Visitors, provider: Provider, *, high_assurance_acr: str) -> OpenHandler:
    """Send the browser to the provider; ``?level=high`` asks for a login that may see confidential texts."""

    async def handle(request: Request, words: Words) -> Response:
        attempt = new_attempt(local_path(request.query_params.get("return_to", "/")))
        key = await visitors.sessions.begin_attempt(attempt, now=visitors.services.clock())
        acr = (high_assurance_acr or None) if request.query_params.get("level") == "high" else None
        address = provider.authorization_url(attempt, acr=acr, language=words.language)
        response = RedirectResponse(address, HTTPStatus.SEE_OTHER)
        visitors.cookies.set(response, visitors.cookies.login, key, seconds=LOGIN_SECONDS)
        return response

    return handle


def end_login(visitors: Visitors, provider: Provider, verifier: TokenVerifier) -> OpenHandler:
    """Where the provider sends the browser back to: check, begin the session, go on to where the visitor wanted.

    Raises ``LoginError`` for anything that is not the answer to a login this very browser began.
    """

    async def handle(request: Request, _words: Words) -> Response:
        now = visitors.services.clock()
        key = visitors.cookies.get(request, visitors.cookies.login)
        attempt = await visitors.sessions.take_attempt(key, now=now)
        state, code = request.query_params.get("state", ""), request.query_params.get("code")
        if attempt is None or not hmac.compare_digest(attempt.state.encode(), state.encode()):
            raise LoginError("this browser began no such login")
        if code is None:
            raise LoginError("the identity provider gave no code")
        token = await provider.identity_token(code, attempt.code_verifier)
        try:
            login = await verifier.verify_login(token, nonce=attempt.nonce)
        except InvalidTokenError as error:
            raise LoginError(str(error)) from error
        identity = visitors.services.aliases.resolved(replace(login.identity, client=PAGE_CLIENT))
        await visitors.services.access_log.record(identity, "login", is_repeatable=False)
        await visitors.sessions.end(visitors.cookies.get(request, visitors.cookies.session))
        session_key = await visitors.sessions.begin(login, now=now)
        response = RedirectResponse(attempt.return_to, HTTPStatus.SEE_OTHER)
        seconds = int(visitors.sessions.lifetime.total_seconds())
        visitors.cookies.set(response, visitors.cookies.session, session_key, seconds=seconds)
        visitors.cookies.clear(response, visitors.cookies.login)
        return response

    return handle


def logout(visitors: Visitors, provider: Provider) -> OpenHandler:
    """End the session here and lead on to the provider's own logout. Only from a form of ours."""

    async def handle(request: Request, _words: Words) -> Response:
        session = await visitors.session(request)
        if session is not None:
            await check_form(request, session)
            await visitors.sessions.end(visitors.cookies.get(request, visitors.cookies.session))
        response = RedirectResponse(provider.logout_url(), HTTPStatus.SEE_OTHER)
        visitors.cookies.clear(response, visitors.cookies.session)
        return response

    return handle


async def check_form(request: Request, session: Session) -> None:
    """Raises ``RequestError`` (403) unless the form that was sent is of a page made for this session."""
    form = await request.form()
    token = form.get("form_token")
    if not isinstance(token, str) or not hmac.compare_digest(token.encode(), session.form_token.encode()):
        raise RequestError(HTTPStatus.FORBIDDEN, "the form is not of this session")
