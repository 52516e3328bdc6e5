"""A child process that logs to a file and never outlives this process."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from casebus_local.errors import ProcessDiedError

LOG_TAIL_LINES = 20
PR_SET_PDEATHSIG = 1

# Linux sends the parent-death signal when the *thread* that forked ends, not the process. All children are
# therefore forked by this one thread, which starts with the first child and ends with the interpreter.
_FORKING_THREAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="casebus-fork")


class ChildProcess:
    """Starts ``command`` when constructed; output is appended to ``log_path``.

    The child leads its own process group, so a Ctrl-C in the terminal reaches only this process, which then
    stops its children in order. When this process dies, even by SIGKILL, the kernel sends the child
    ``dies_by`` (Linux; elsewhere only an orderly stop ends it). As root, ``user`` is whom it runs as.
    As a context manager it is killed at the end.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log_path: Path,
        environment: Mapping[str, str],
        user: int | None = None,
        dies_by: signal.Signals = signal.SIGKILL,
    ) -> None:
        self.name = name
        self.log_path = log_path
        with log_path.open("ab") as log:
            self._process = _FORKING_THREAD.submit(
                lambda: subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=environment,
                    user=user,
                    extra_groups=None if user is None else [],
                    start_new_session=True,
                    preexec_fn=_die_with_parent(dies_by),
                )
            ).result()

    @property
    def pid(self) -> int:
        """The process id; it stays known after the end."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended; a paused process is running."""
        return self._process.poll() is None

    def check(self) -> None:
        """Raises ``ProcessDiedError`` with the end of the log when the process has ended."""
        exit_code = self._process.poll()
        if exit_code is not None:
            raise ProcessDiedError(self.name, exit_code, self.log_tail())

    def log_tail(self) -> str:
        """The last lines of the log."""
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])

    def kill(self) -> None:
        """SIGKILL to the process and its own children (its group); blocks until it is gone."""
        self._signal_group(signal.SIGKILL)
        self._process.wait()

    def terminate(self, by: signal.Signals = signal.SIGTERM) -> None:
        """Ask the process, not its children, to end; does not wait."""
        if self.is_running:
            self._process.send_signal(by)

    def pause(self) -> None:
        """SIGSTOP: the process keeps its connections but does nothing."""
        self._signal_group(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT after ``pause``; harmless otherwise."""
        self._signal_group(signal.SIGCONT)

    def wait(self, timeout_seconds: float) -> int:
        """Block until the end and return the exit code; raises ``TimeoutError`` past the limit."""
        try:
            return self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(f"not within {timeout_seconds:g} s: the end of {self.name}") from error

    def wait_for_success(self, timeout_seconds: float) -> None:
        """As ``wait``; raises ``ProcessDiedError`` when the exit code is not 0."""
        if self.wait(timeout_seconds) != 0:
            self.check()

    def stop(self, *, timeout_seconds: float, by: signal.Signals = signal.SIGTERM) -> None:
        """Orderly end: wake it if paused, ask with ``by``, wait up to the limit, then SIGKILL."""
        self.resume()
        self.terminate(by)
        try:
            self.wait(timeout_seconds)
        except TimeoutError:
            self.kill()

    def _signal_group(self, number: signal.Signals) -> None:
        if self.is_running:
            os.killpg(self.pid, number)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()


def _die_with_parent(by: signal.Signals) -> Callable[[], None] | None:
    """The step between fork and exec that ties the child's life to ours.

    Popen runs it after the change of user, which would reset the setting. Everything it needs is looked up
    before the fork, since after it only system calls are safe.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, by.value)
        if os.getppid() != parent:  # it died between the fork and the line above
            os._exit(1)

    return tie
