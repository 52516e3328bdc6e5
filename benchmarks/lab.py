"""Where benchmarks run: one stack for all of them, and somebody to tell how it goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Literal, TypeVar

from benchmarks.bus import BenchBus
from benchmarks.results import Measured

from casebus_local import LocalStack

Size = Literal["quick", "default", "long"]
"""Quick only shows that a benchmark runs; its numbers mean nothing and are not kept."""

Number = TypeVar("Number", int, tuple[int, ...])


@dataclass
class Lab:
    """The running stack, and how much time there is. ``notes`` are kept beside the results."""

    stack: LocalStack
    size: Size = "default"
    notes: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)
    _started: float = field(default_factory=time.monotonic)

    @contextmanager
    def bus(self, name: str) -> Iterator[BenchBus]:
        """Topics under a prefix of their own, deleted at the end unless something failed."""
        bus = BenchBus(self.stack, f"{name}{next(self._numbers)}")
        yield bus
        bus.delete()

    @property
    def broker_pid(self) -> int:
        """The process of the one broker."""
        return self.stack.brokers[0].process.pid

    def sized(self, *, quick: Number, default: Number, long: Number) -> Number:
        """One of the three."""
        return {"quick": quick, "default": default, "long": long}[self.size]

    def say(self, text: str) -> None:
        """Print a line of progress."""
        print(f"[{time.monotonic() - self._started:6.1f} s] {text}", flush=True)

    def note(self, text: str) -> None:
        """Print it, and keep it beside the results."""
        self.say(text)
        self.notes.append(text)


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Something that can be measured by itself. ``produces`` names all that it measures."""

    name: str
    measure: Callable[[Lab], list[Measured]]
    produces: tuple[str, ...]
