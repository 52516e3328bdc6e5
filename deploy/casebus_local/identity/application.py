"""The provider: an authorization page where one picks who to be, a token endpoint, and the public keys."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from casebus_local.identity.people import Person
from casebus_local.keys import LocalKeys
from casebus_local.tokens import AUDIENCE, TokenIssuer

CODE_SECONDS = 60.0
KEPT = ("redirect_uri", "state", "nonce", "code_challenge")
STYLE = Path(__file__).with_name("provider.css")


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code stands for: used once, within a minute."""

    person: Person
    request: Mapping[str, str]
    granted_at: float


class IdentityProvider:
    """Anybody can be anybody here, for one client on loopback: for tests and demonstrations, never for real people."""

    def __init__(self, keys: LocalKeys, people: Mapping[str, Person], *, client_id: str, redirect_uri: str) -> None:
        self._tokens = TokenIssuer(keys.signing_key)
        self._jwks = keys.jwks_file.read_bytes()
        self._people = people
        self._client_id = client_id
        self._redirect_uri = redirect_uri
        self._grants: dict[str, Grant] = {}

    def application(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/authorize", self._authorize),
                Route("/choose", self._choose),
                Route("/token", self._token, methods=["POST"]),
                Route("/logout", self._logout),
                Route("/jwks", self._keys),
                Route("/provider.css", self._style),
            ]
        )

    async def _authorize(self, request: Request) -> Response:
        """The page with everybody to choose from. A request that is not of the one client is refused, not sent back."""
        asked = request.query_params
        if asked.get("client_id") != self._client_id or asked.get("redirect_uri") != self._redirect_uri:
            return Response("unknown client or redirect_uri", 400)
        if asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256":
            return Response("only the code flow with PKCE", 400)
        kept = {name: asked.get(name, "") for name in KEPT}
        rows = [
            f'<li><a id="{person.key}" href="/choose?{escape(urlencode({**kept, "who": person.key}))}">'
            f"<strong>{person.given_name} {person.family_name}</strong> <span>{person.what}</span></a></li>"
            for person in self._people.values()
        ]
        return _page("Who do you want to be?", f"<ul>{''.join(rows)}</ul><p>Everybody here is made up.</p>")

    async def _choose(self, request: Request) -> Response:
        asked = dict(request.query_params)
        if asked.get("redirect_uri") != self._redirect_uri or asked.get("who") not in self._people:
            return Response("unknown person or redirect_uri", 400)
        code = secrets.token_urlsafe(24)
        self._grants[code] = Grant(self._people[asked["who"]], asked, time.monotonic())
        parameters = urlencode({"code": code, "state": asked.get("state", "")})
        return RedirectResponse(f"{self._redirect_uri}?{parameters}", 303)

    async def _token(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        grant = self._grants.pop(form.get("code", ""), None)
        if grant is None or not self._is_for(grant, form):
            return JSONResponse({"error": "invalid_grant"}, 400)
        identity = self._issue(
            grant.person,
            aud=self._client_id,
            nonce=grant.request["nonce"],
            given_name=grant.person.given_name,
            family_name=grant.person.family_name,
        )
        access = self._issue(grant.person)
        answer = {"token_type": "Bearer", "expires_in": 3600, "id_token": identity, "access_token": access}
        return JSONResponse(answer, headers={"cache-control": "no-store"})

    def _issue(self, person: Person, *, aud: str = AUDIENCE, **claims: str) -> str:
        organisation = {person.organisation_claim: person.organisation_number} if person.organisation_claim else {}
        token_claims = {**claims, **organisation, "azp": self._client_id}
        return self._tokens.issue(person.insz, acr=person.acr, lifetime_seconds=3600, aud=aud, **token_claims)

    def _is_for(self, grant: Grant, form: Mapping[str, str]) -> bool:
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return (
            time.monotonic() - grant.granted_at < CODE_SECONDS
            and form.get("client_id") == self._client_id
            and form.get("redirect_uri") == self._redirect_uri
            and hmac.compare_digest(challenge.encode(), grant.request["code_challenge"].encode())
        )

    async def _logout(self, request: Request) -> Response:
        home = self._redirect_uri.removesuffix("/login/callback") + "/"
        if request.query_params.get("post_logout_redirect_uri") == home:
            return RedirectResponse(home, 303)
        return _page("You are signed out.", "")

    async def _keys(self, _request: Request) -> Response:
        return Response(self._jwks, media_type="application/json")

    async def _style(self, _request: Request) -> Response:
        return Response(STYLE.read_bytes(), media_type="text/css")


def _page(title: str, body: str) -> HTMLResponse:
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="/provider.css"></head><body><main><h1>{title}</h1>{body}</main></body></html>'
    )
