"""A mail server that stops saying anything over TLS, and does not even answer the client's goodbye."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from types import TracebackType
from typing import Self

_ANSWERS = {
    "EHLO": b"250-silent\r\n250 STARTTLS\r\n",
    "STARTTLS": b"220 go on\r\n",
    "MAIL": b"250 OK\r\n",
    "RCPT": b"250 OK\r\n",
}
_LIMIT_SECONDS = 5.0


class SilentMailServer:
    """Takes one connection, in a thread; answers over TLS until ``last_command``, and that one no more.

    ``STARTTLS`` as the last command: it says nothing from the handshake on.
    """

    def __init__(self, tls: ssl.SSLContext, last_command: str) -> None:
        self._tls = tls
        self._last_command = last_command
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._listener.settimeout(_LIMIT_SECONDS)
        self._hung_up = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def wait_until_hung_up_on(self) -> None:
        """Blocks. Fails when the client keeps the connection."""
        assert self._hung_up.wait(_LIMIT_SECONDS), "the client has hung up"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        plain, _ = self._listener.accept()
        plain.settimeout(_LIMIT_SECONDS)
        # Below TLS, so that nothing of what arrives is answered.
        with plain, socket.socket(fileno=os.dup(plain.fileno())) as wire:
            wire.settimeout(_LIMIT_SECONDS)
            plain.sendall(b"220 ready\r\n")
            _converse(plain, until="STARTTLS", answers_last=True)
            if self._last_command == "STARTTLS":
                self._wait_for_the_end(wire)
                return
            with self._tls.wrap_socket(plain, server_side=True) as secure:
                _converse(secure, until=self._last_command, answers_last=False)
                self._wait_for_the_end(wire)

    def _wait_for_the_end(self, wire: socket.socket) -> None:
        try:
            while wire.recv(4096):
                pass
        except ConnectionResetError:
            pass  # an end, too
        except TimeoutError:
            return
        self._hung_up.set()


def _converse(connection: socket.socket, *, until: str, answers_last: bool) -> None:
    """Answer the client's commands, up to ``until``."""
    with connection.makefile("rb", buffering=0) as commands:
        while True:
            command = commands.readline().split(maxsplit=1)[0].decode().upper()
            if command != until or answers_last:
                connection.sendall(_ANSWERS[command])
            if command == until:
                return
