"""The snapshot on a terminal, renewed every two seconds until q or Ctrl-C."""

from __future__ import annotations

import select
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import KafkaException
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from casebus_streams.status.observer import Observer
from casebus_streams.status.screen import screen

EVERY_SECONDS = 2.0
_HINT = "q ends"


def watch(observer: Observer) -> None:
    """Show until q or Ctrl-C. Blocks. While Kafka is silent, what was last seen stays below a line that says so."""
    console = Console(highlight=False)
    seen: RenderableType = Text("reading …")
    with _single_keys(), Live(seen, console=console, screen=True, auto_refresh=False) as live:
        try:
            while True:
                try:
                    seen = screen(observer.look(), console.width, hint=_HINT)
                    live.update(seen, refresh=True)
                except KafkaException as error:
                    live.update(Group(_silence(error), seen), refresh=True)
                if _is_told_to_end(EVERY_SECONDS):
                    return
        except KeyboardInterrupt:
            return


def _silence(error: KafkaException) -> Text:
    moment = time.strftime("%H:%M:%SZ", time.gmtime())
    return Text(f"{moment}  Kafka does not answer: {error.args[0].name()}  {_HINT}", style="bold red")


def _is_told_to_end(wait_seconds: float) -> bool:
    """Whether q is pressed; waits for it that long."""
    deadline = time.monotonic() + wait_seconds
    while (left := deadline - time.monotonic()) > 0:
        ready, _, _ = select.select([sys.stdin], [], [], left)
        if ready and sys.stdin.read(1).lower() == "q":
            return True
    return False


@contextmanager
def _single_keys() -> Iterator[None]:
    """Keys count as they are pressed, and are not shown. The terminal is as before afterwards."""
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
