"""Workers that take turns: real threads of which one runs at a time, up to its next call of a client."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Crash(BaseException):
    """What a killed worker sees: from now on none of its calls has any effect."""


class Strand:
    """Runs ``body`` in a thread of its own, but only inside ``advance``.

    ``failure`` is what ended the body, unless it was the crash that somebody asked for.
    """

    def __init__(self, name: str, body: Callable[[], None]) -> None:
        self.name = name
        self.failure: BaseException | None = None
        self.is_over = False
        self._is_dying = False
        self._body = body
        self._may_run = threading.Lock()
        self._has_paused = threading.Lock()
        self._may_run.acquire()
        self._has_paused.acquire()
        self._thread = threading.Thread(target=self._main, name=name, daemon=True)
        self._thread.start()

    def advance(self) -> None:
        """Let it run to its next pause, or to its end."""
        if not self.is_over:
            self._may_run.release()
            self._has_paused.acquire()

    def crash(self) -> None:
        """Kill it where it stands. Its clients do nothing more; blocks until it has unwound."""
        self._is_dying = True
        while not self.is_over:
            self.advance()
        self._thread.join()

    def pause(self) -> None:
        """Called from within, before each effect: wait for the next turn. Raises ``Crash`` when killed meanwhile."""
        if not self._is_dying:
            self._has_paused.release()
            self._may_run.acquire()
        if self._is_dying:
            raise Crash

    def _main(self) -> None:
        self._may_run.acquire()
        try:
            if not self._is_dying:
                self._body()
        except Crash:
            pass
        except BaseException as failure:
            self.failure = failure
        self.is_over = True
        self._has_paused.release()
