"""Reading server-sent events as a portal would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx
from tests.profile.running import PATIENCE_SECONDS


class Event(NamedTuple):
    id: str
    data: dict[str, Any]


class Events:
    """The events of one open stream; ``comments`` counts the heartbeats."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.comments = 0
        self._lines = response.iter_lines()

    def next(self) -> Event:
        """The next event; blocks at most for the connection's read timeout."""
        fields: dict[str, str] = {}
        for line in self._lines:
            if line.startswith(":"):
                self.comments += 1
            elif line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "data" in fields:
                return Event(fields["id"], json.loads(fields["data"]))
        raise EOFError("the stream has ended")


@contextmanager
def stream(url: str, headers: dict[str, str], path: str = "/v1/overview/stream") -> Iterator[Events]:
    """An open stream."""
    with httpx.stream("GET", url + path, headers=headers, timeout=PATIENCE_SECONDS) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Events(response)
