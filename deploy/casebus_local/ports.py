"""Free ports on the loopback interface for servers that must keep their port over a restart."""

from __future__ import annotations

import random
import socket
import threading

LOOPBACK = "127.0.0.1"

# Below Linux's ephemeral range (32768 and up). A port inside it could be taken by any outgoing connection
# while its server is down, and a client retrying on loopback can even connect to itself there.
FIRST_PORT = 20_000
LAST_PORT = 32_767


_given: set[int] = set()
_giving = threading.Lock()


def free_port() -> int:
    """A port nobody listens on now and that this process was not given before.

    It is not reserved against other processes: the caller's server should bind it soon. May be called from any
    thread; raises ``OSError`` when no port is found.
    """
    # Not the shared generator: tests seed it, and two processes with one seed would choose the same ports.
    candidates = random.SystemRandom().sample(range(FIRST_PORT, LAST_PORT + 1), k=200)
    with _giving:
        for port in candidates:
            if port not in _given and _can_bind(port):
                _given.add(port)
                return port
    raise OSError(f"no free loopback port among {len(candidates)} tried between {FIRST_PORT} and {LAST_PORT}")


def is_listening(port: int) -> bool:
    """Whether a server accepts connections on this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def _can_bind(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
