"""The provider as a child process of a local stack, and the settings that lead the profile service to it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from casebus_local.child_process import ChildProcess
from casebus_local.identity.people import ASSOCIATION_CLAIM, ENTERPRISE_CLAIM
from casebus_local.keys import LocalKeys
from casebus_local.ports import LOOPBACK, free_port, is_listening
from casebus_local.waiting import wait_until

CLIENT_ID = "casebus-page"
_START_SECONDS = 30.0


class IdentityProviderProcess(ChildProcess):
    """The provider for a profile service at ``public_url``; a context manager killed at the end.

    ``first_citizen`` is the number of the first person to choose.
    """

    def __init__(self, keys: LocalKeys, public_url: str, *, first_citizen: str, log_path: Path) -> None:
        self._public_url = public_url
        self._port = free_port()
        super().__init__(
            "the identity provider",
            [
                *(sys.executable, "-m", "casebus_local.identity"),
                *(str(keys.jwks_file.parent), str(self._port), f"{public_url}/login/callback", first_citizen),
            ],
            log_path=log_path,
            environment={**os.environ, "PYTHONUNBUFFERED": "1"},
        )

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def environment(self) -> dict[str, str]:
        """What the profile service needs in its environment for a login here."""
        login = "CASEBUS_PROFILE__LOGIN__"
        return {
            f"{login}PUBLIC_URL": self._public_url,
            f"{login}CLIENT_ID": CLIENT_ID,
            f"{login}AUTHORIZATION_ENDPOINT": f"{self.url}/authorize",
            f"{login}TOKEN_ENDPOINT": f"{self.url}/token",
            f"{login}END_SESSION_ENDPOINT": f"{self.url}/logout",
            "CASEBUS_PROFILE__CLAIMS__ENTERPRISE": ENTERPRISE_CLAIM,
            "CASEBUS_PROFILE__CLAIMS__ASSOCIATION": ASSOCIATION_CLAIM,
        }

    def wait_until_ready(self) -> None:
        """Blocks. Raises ``ProcessDiedError`` and ``TimeoutError``."""

        def ready() -> bool:
            self.check()
            return is_listening(self._port)

        wait_until(ready, timeout_seconds=_START_SECONDS, describe="the identity provider is ready")
