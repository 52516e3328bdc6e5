"""How the demo talks: rich on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

_PLAIN_EVERY_SECONDS: Final = 5.0


class Narrator:
    """Says what happens, with the seconds since the start."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._started

    def say(self, text: str) -> None:
        """One line."""
        self.console.print(f"{self.seconds:6.1f} s  {text}", markup=False, soft_wrap=True)

    @contextmanager
    def progress(self, text: str, total: int) -> Iterator[Callable[[], None]]:
        """Yields what to call after each of ``total`` pieces: moves a bar, or says so every few seconds."""
        if self.console.is_terminal:
            columns = (
                TextColumn("          {task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
            )
            with Progress(*columns, console=self.console) as bar:
                task = bar.add_task(text, total=total)
                yield lambda: bar.advance(task)
        else:
            yield self._plain_progress(text, total)

    def _plain_progress(self, text: str, total: int) -> Callable[[], None]:
        done, said = 0, time.monotonic()

        def advance() -> None:
            nonlocal done, said
            done += 1
            if time.monotonic() - said >= _PLAIN_EVERY_SECONDS:
                said = time.monotonic()
                self.say(f"{text}: {done:,} of {total:,}")

        return advance
