"""Ctrl-C that is heeded between two events, so that what was sent and what is remembered agree."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import Self


class Interruption:
    """A context manager that notes the first SIGINT; a second one ends the command at once, as ever.

    Python would raise ``KeyboardInterrupt`` anywhere: between publishing an event and remembering it, or within
    Kafka's confirmation of one. For the main thread only.
    """

    def __init__(self) -> None:
        self._is_requested = False

    def check(self) -> None:
        """Raise ``KeyboardInterrupt`` if SIGINT came. To be called where it does no harm."""
        if self._is_requested:
            raise KeyboardInterrupt

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._is_requested = True
        signal.signal(signal.SIGINT, self._before)
