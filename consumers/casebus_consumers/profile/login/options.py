"""Settings of the login."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

LOOPBACK_HOSTS = re.compile(r"127(\.[0-9]{1,3}){3}|localhost|::1")
NEEDED = ("public_url", "client_id", "authorization_endpoint", "token_endpoint")


def _secure(url: str) -> str:
    parts = urlsplit(url)
    is_local = LOOPBACK_HOSTS.fullmatch(parts.hostname or "") is not None
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and is_local)):
        raise ValueError("must be https, or http on a loopback address")
    return url.rstrip("/")


SecureUrl = Annotated[str, AfterValidator(_secure)]


class LoginOptions(BaseModel):
    """How citizens log in to the page, ``CASEBUS_PROFILE__LOGIN__<NAME>``; without any, there is no page.

    ``public_url`` is where browsers reach this service; the provider must know ``<public_url>/login/callback``. The
    identity tokens are checked with the keys, the issuer and the claims of the API's tokens, for the audience
    ``client_id``. Without ``client_secret_file`` the client is a public one.
    """

    model_config = ConfigDict(frozen=True)

    public_url: SecureUrl | None = None
    client_id: str | None = None
    client_secret_file: Path | None = None
    authorization_endpoint: SecureUrl | None = None
    token_endpoint: SecureUrl | None = None
    end_session_endpoint: SecureUrl | None = None
    scope: str = "openid profile rrn"
    session_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 60

    @model_validator(mode="after")
    def _all_or_none(self) -> Self:
        missing = [name for name in NEEDED if getattr(self, name) is None]
        if 0 < len(missing) < len(NEEDED):
            names = ", ".join(f"CASEBUS_PROFILE__LOGIN__{name.upper()}" for name in missing)
            raise ValueError(f"a login also needs {names}")
        return self

    @property
    def is_configured(self) -> bool:
        """Whether there is a login, and so a page."""
        return self.public_url is not None

    def client_secret(self) -> str | None:
        """The secret, read from its file."""
        return None if self.client_secret_file is None else self.client_secret_file.read_text().strip()
