"""A file of rejected events, one per line, to be mended and published again."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import orjson

from casebus_producers.errors import InputError
from casebus_schemas import Rejection


class RejectedEvents:
    """Writes events to a new file that only its owner may read, for they name citizens. A context manager.

    ``written`` events are in it; ``left_out`` ones are no JSON and do not fit on a line. Raises ``InputError`` when the
    file exists or cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self.written = 0
        self.left_out = 0
        self._path = path
        self._stream: BinaryIO | None = None

    def add(self, rejection: Rejection) -> None:
        """Write the event of ``rejection``, on one line and otherwise as it came."""
        try:
            line = orjson.dumps(orjson.loads(rejection.original or b""))
        except orjson.JSONDecodeError:
            self.left_out += 1
            return
        if self._stream is None:
            raise ValueError("not opened")
        self._stream.write(line + b"\n")
        self._stream.flush()
        self.written += 1

    def __enter__(self) -> Self:
        try:
            self._stream = os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        except OSError as error:
            raise InputError(f"{self._path}: {error.strerror}") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()
