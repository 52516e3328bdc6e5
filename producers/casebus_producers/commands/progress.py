"""How far a long command is, how fast, and how long it will take: a bar on a terminal, now and then a line elsewhere.

Always on standard error.
"""

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
        yield _plain(source, verb)
        return
    from rich.console import Console  # slow to import, and only a terminal needs it
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    started = time.monotonic()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(verb, total=source.size)

        def show(read: int) -> None:
            rate = read / max(time.monotonic() - started, 0.001)
            bar.update(task, completed=source.position(), description=f"{verb} {read:,} ({rate:,.0f}/s)")

        yield show


def _plain(source: InputFile, verb: str) -> Callable[[int], None]:
    started = last = time.monotonic()

    def show(read: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= PLAIN_INTERVAL_SECONDS:
            last = now
            line = progress_line(verb, read, seconds=now - started, position=source.position(), size=source.size)
            print(line, file=sys.stderr, flush=True)  # noqa: T201 it is a command's output

    return show


def progress_line(verb: str, read: int, *, seconds: float, position: int, size: int | None) -> str:
    """``published 20,000 lines so far (4,000/s, about 15 s left)``; what is left is not known of a pipe. Pure."""
    rate = f"{read / seconds:,.0f}/s"
    if not size or not position:
        return f"{verb} {read:,} lines so far ({rate})"
    return f"{verb} {read:,} lines so far ({rate}, about {seconds * (size - position) / position:,.0f} s left)"
