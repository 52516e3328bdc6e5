"""The mailbox as a child process of a local stack, and the settings that lead the notifier to it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from casebus_local.child_process import ChildProcess
from casebus_local.ports import LOOPBACK, free_port, is_listening
from casebus_local.waiting import wait_until

_START_SECONDS = 30.0


def notifier_environment(mails: Path) -> dict[str, str]:
    """What a notifier needs to write its mails into ``mails``, which is made. Links in them lead nowhere."""
    mails.mkdir(parents=True, exist_ok=True)
    return {
        "CASEBUS_NOTIFIER__PORTAL_NAME": "Mijn dossiers",
        "CASEBUS_NOTIFIER__OVERVIEW_URL": "https://mijndossiers.voorbeeld.be/",
        "CASEBUS_NOTIFIER__PREFERENCES_URL": "https://mijndossiers.voorbeeld.be/preferences",
        "CASEBUS_NOTIFIER__DIRECTORY": str(mails),
        "CASEBUS_NOTIFIER__OPERATIONS_PORT": str(free_port()),
    }


class MailboxProcess(ChildProcess):
    """The page on the mails in a directory; a context manager killed at the end."""

    def __init__(self, mails: Path, *, log_path: Path) -> None:
        self._port = free_port()
        super().__init__(
            "the mailbox",
            [sys.executable, "-m", "casebus_local.mailbox", str(mails), str(self._port)],
            log_path=log_path,
            environment={**os.environ, "PYTHONUNBUFFERED": "1"},
        )

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{LOOPBACK}:{self._port}/"

    def wait_until_ready(self) -> None:
        """Blocks. Raises ``ProcessDiedError`` and ``TimeoutError``."""

        def ready() -> bool:
            self.check()
            return is_listening(self._port)

        wait_until(ready, timeout_seconds=_START_SECONDS, describe="the mailbox is ready")
