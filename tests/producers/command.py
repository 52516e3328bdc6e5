"""Runs ``casebus`` as an agency does: another process, its own environment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

LIMIT_SECONDS = 60


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """What ``--json`` printed: exactly one document, and nothing else."""
        parsed: dict[str, Any] = json.loads(self.out)
        return parsed


def casebus(*arguments: object, stdin: bytes = b"", **environment: str) -> Outcome:
    """Run ``casebus ARGUMENTS`` to its end, for at most a minute."""
    done = subprocess.run(
        _command(arguments),
        input=stdin,
        capture_output=True,
        timeout=LIMIT_SECONDS,
        check=False,
        env={**os.environ, **environment},
    )
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


class RunningCasebus:
    """``casebus ARGUMENTS`` in the background; killed at the end of the ``with`` block if it still runs."""

    def __init__(self, *arguments: object, **environment: str) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            _command(arguments), stdin=pipe, stdout=pipe, stderr=pipe, env={**os.environ, **environment}
        )

    def write(self, text: bytes) -> None:
        """More standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(text)
        self._process.stdin.flush()

    def read_line(self) -> bytes:
        """The next line of its output; blocks until there is one."""
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def end(self) -> Outcome:
        """Close standard input and wait for the end."""
        out, err = self._process.communicate(timeout=LIMIT_SECONDS)
        return Outcome(self._process.returncode, out.decode(), err.decode())

    def terminate(self) -> None:
        """Ask it to stop, as an operating system does."""
        self._process.terminate()

    def interrupt(self) -> None:
        """Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()


def _command(arguments: tuple[object, ...]) -> list[str]:
    return [sys.executable, "-m", "casebus_producers.cli", *map(str, arguments)]
