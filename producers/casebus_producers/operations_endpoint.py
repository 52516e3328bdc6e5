"""What only operators and their orchestrator ask a process, on a port of its own: health and metrics."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from socketserver import ThreadingMixIn
from types import TracebackType
from typing import TYPE_CHECKING, Self
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import orjson
from prometheus_client import CollectorRegistry, make_wsgi_app

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

Check = Callable[[], bool]
"""Whether something holds. Called from the endpoint's threads, by several at once; may block for a few seconds."""

_JSON = ("Content-Type", "application/json")


@dataclass(frozen=True)
class Health:
    """What must hold, by name.

    ``alive``: when one does not, only a restart helps. ``ready``: the process does its work now. The two must not
    depend on each other: a restart brings no broker and no database back.
    """

    alive: Mapping[str, Check] = field(default_factory=dict)
    ready: Mapping[str, Check] = field(default_factory=dict)


class OperationsEndpoint:
    """A running endpoint on ``port``. Answers from threads of its own, until closed."""

    def __init__(self, server: WSGIServer) -> None:
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, name="operations", daemon=True)
        self._thread.start()
        self.port: int = server.server_port

    def close(self) -> None:
        """Stop answering and free the port. Blocks for a moment; a second call does nothing."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def serve_operations(registry: CollectorRegistry, health: Health, host: str, port: int) -> OperationsEndpoint:
    """Serve ``/livez``, ``/readyz`` and ``/metrics`` on ``host``:``port``; port 0 takes a free one.

    Health answers 200, or 503 when a check does not hold; the body names every check and whether it does. Raises
    ``OSError`` when the port is taken.
    """
    kind = _SixServer if ":" in host else _Server
    return OperationsEndpoint(make_server(host, port, _application(registry, health), kind, _QuietHandler))


def _application(registry: CollectorRegistry, health: Health) -> WSGIApplication:
    metrics: WSGIApplication = make_wsgi_app(registry)
    checks = {"/livez": health.alive, "/readyz": health.ready}

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO")
        if path == "/metrics":
            return metrics(environ, start)
        if path not in checks:
            start("404 Not Found", [_JSON])
            return [b'{"paths":["/livez","/readyz","/metrics"]}']
        results = {name: check() for name, check in checks[path].items()}
        start("200 OK" if all(results.values()) else "503 Service Unavailable", [_JSON])
        return [orjson.dumps(results)]

    return answer


class _Server(ThreadingMixIn, WSGIServer):
    """A thread for each request, so that one that waits for a check holds up no other."""

    daemon_threads = True


class _SixServer(_Server):
    address_family = socket.AF_INET6


class _QuietHandler(WSGIRequestHandler):
    """Requests are not logged: probes come every few seconds, for ever."""

    timeout = 10  # of a connection on which nothing comes

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""
