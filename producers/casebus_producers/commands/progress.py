"""How far a long command is: a bar on a terminal, now and then a line elsewhere; always on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from casebus_producers.sources import InputFile

PLAIN_INTERVAL_SECONDS = 10


@contextmanager
def showing_progress(source: InputFile, verb: str) -> Iterator[Callable[[int], None]]:
    """A function to call with the number of lines read so far. ``verb``: what is done with them (``published``)."""
    if not sys.stderr.isatty():
        yield _plain(verb)
        return
    from rich.console import Console  # slow to import, and only a terminal needs it
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(verb, total=source.size)

        def show(read: int) -> None:
            bar.update(task, completed=source.position(), description=f"{verb} {read:,}")

        yield show


def _plain(verb: str) -> Callable[[int], None]:
    last = time.monotonic()

    def show(read: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= PLAIN_INTERVAL_SECONDS:
            last = now
            print(f"{verb} {read:,} lines so far", file=sys.stderr, flush=True)  # noqa: T201 it is a command's output

    return show
