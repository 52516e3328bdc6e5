"""The page's cookies."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

LANGUAGE_SECONDS = 365 * 24 * 3600
LOGIN_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Cookies:
    """Names and attributes. Over https the names begin with ``__Host-``: no other host of the domain can set them.

    All are HttpOnly, so that no script can read them, and SameSite=Lax: they come along when the provider sends the
    browser back, and not with a form on another site.
    """

    is_secure: bool

    @property
    def session(self) -> str:
        """Holds the session's key."""
        return self._name("session")

    @property
    def login(self) -> str:
        """Holds the key of a login on its way: the browser that began it is the one that may end it."""
        return self._name("login")

    @property
    def language(self) -> str:
        """Holds the language chosen."""
        return self._name("language")

    def get(self, request: Request, name: str) -> str:
        """A cookie's value, empty when there is none."""
        return request.cookies.get(name, "")

    def set(self, response: Response, name: str, value: str, *, seconds: int) -> None:
        """Set a cookie for so long."""
        response.set_cookie(name, value, max_age=seconds, secure=self.is_secure, httponly=True, samesite="lax")

    def clear(self, response: Response, name: str) -> None:
        """Delete a cookie."""
        response.delete_cookie(name, secure=self.is_secure, httponly=True, samesite="lax")

    def _name(self, what: str) -> str:
        return f"__Host-casebus-{what}" if self.is_secure else f"casebus-{what}"
