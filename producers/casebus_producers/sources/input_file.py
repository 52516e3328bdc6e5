"""Opens what a command was given: a file or standard input, gzip or not, with a position for the progress bar."""

from __future__ import annotations

import gzip
import io
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast

from casebus_producers.errors import InputError

STANDARD_INPUT = "-"
_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class InputFile:
    """An open input. ``size`` is in bytes as stored, None where it cannot be known (a pipe)."""

    name: str
    stream: BinaryIO
    size: int | None
    _stored: io.BufferedReader

    def position(self) -> int:
        """How many of ``size`` bytes have been read; 0 for a pipe."""
        return self._stored.tell() if self.size is not None else 0


@contextmanager
def open_input(name: str) -> Iterator[InputFile]:
    """The file ``name`` (``-`` is standard input), unpacked when its first bytes say gzip. Raises ``InputError``."""
    try:
        stored = open(os.dup(sys.stdin.fileno()) if name == STANDARD_INPUT else name, "rb")  # noqa: SIM115 closed below
    except OSError as error:
        raise InputError(f"{name}: {error.strerror}") from None
    with stored:
        status = os.fstat(stored.fileno())
        size = status.st_size if stat.S_ISREG(status.st_mode) else None
        is_gzip = stored.peek(2)[:2] == _GZIP_MAGIC
        stream = cast("BinaryIO", gzip.GzipFile(fileobj=stored)) if is_gzip else stored  # it is one but in name
        yield InputFile("standard input" if name == STANDARD_INPUT else name, stream, size, stored)
