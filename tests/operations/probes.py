"""A process's operations port, as an orchestrator asks it."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException

from casebus_local.processes import CasebusProcess
from casebus_local.waiting import wait_until

READY = 200
PATIENCE_SECONDS = 60


class Probes:
    """Asks ``port`` of ``process``, which must not end meanwhile."""

    def __init__(self, process: CasebusProcess, port: int) -> None:
        self._process = process
        self._port = port

    def get(self, path: str) -> tuple[int, dict[str, bool]]:
        """Status and body; status 0 while nobody answers."""
        self._process.check()
        connection = HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, HTTPException):
            return 0, {}
        finally:
            connection.close()

    def wait_for(self, status: int, path: str = "/readyz") -> dict[str, bool]:
        """Until ``path`` answers with ``status``; what it says then."""
        wait_until(
            lambda: self.get(path)[0] == status, timeout_seconds=PATIENCE_SECONDS, describe=f"{path} answers {status}"
        )
        return self.get(path)[1]
