"""The identity provider, as a login meets it (OpenID Connect Core 3.1, RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import httpx

TIMEOUT_SECONDS = 10.0
CALLBACK = "/login/callback"
STEP_UP_PROMPT = "login"


class LoginError(Exception):
    """A login that cannot be completed; another may be. Says which rule was broken, and nothing of what was sent."""


class ProviderUnavailableError(Exception):
    """The identity provider does not answer. Retry."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A login on its way: what only this service knows of it, and where it leads to in the end."""

    state: str
    nonce: str
    code_verifier: str
    return_to: str


def new_attempt(return_to: str) -> Attempt:
    """An attempt with fresh secrets, of 256 bits each."""
    return Attempt(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(32), return_to)


@dataclass(frozen=True, slots=True)
class Provider:
    """Where the provider is, and who we are to it."""

    public_url: str
    client_id: str
    client_secret: str | None
    authorization_endpoint: str
    token_endpoint: str
    end_session_endpoint: str | None
    scope: str

    @property
    def redirect_uri(self) -> str:
        """Where the provider sends the browser back to."""
        return self.public_url + CALLBACK

    def authorization_url(self, attempt: Attempt, *, acr: str | None, language: str) -> str:
        """Where to send the browser; ``acr`` asks for a login at least as strong."""
        digest = hashlib.sha256(attempt.code_verifier.encode()).digest()
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "ui_locales": language,
        }
        if acr is not None:
            # Without the prompt a provider may just return the weaker login that it remembers.
            parameters |= {"acr_values": acr, "prompt": STEP_UP_PROMPT}
        return f"{self.authorization_endpoint}?{urlencode(parameters)}"

    def logout_url(self) -> str:
        """Where to send the browser after a logout here: to the provider's own, if it has one."""
        if self.end_session_endpoint is None:
            return "/"
        parameters = {"client_id": self.client_id, "post_logout_redirect_uri": self.public_url + "/"}
        return f"{self.end_session_endpoint}?{urlencode(parameters)}"

    async def identity_token(self, code: str, code_verifier: str) -> str:
        """The identity token for an authorization code. Raises ``LoginError`` and ``ProviderUnavailableError``."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": code_verifier,
            "client_id": self.client_id,
        }
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, auth=self._authentication()) as http:
                answer = await http.post(self.token_endpoint, data=form)
        except httpx.TransportError as error:
            raise ProviderUnavailableError("the identity provider does not answer") from error
        if answer.is_server_error:
            raise ProviderUnavailableError("the identity provider is in trouble")
        if not answer.is_success:
            raise LoginError("the identity provider does not accept the code")
        try:
            token = answer.json()["id_token"]
        except (ValueError, KeyError, TypeError):
            token = None
        if not isinstance(token, str):
            raise LoginError("the identity provider's answer has no id_token")
        return token

    def _authentication(self) -> httpx.Auth | None:
        if self.client_secret is None:
            return None
        return httpx.BasicAuth(quote(self.client_id, safe=""), quote(self.client_secret, safe=""))
