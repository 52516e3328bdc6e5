from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from casebus_local import ProcessDiedError, wait_until
from casebus_local.child_process import ChildProcess

SLEEPER = "import sys, time; print('up', flush=True); time.sleep(600)"
DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
PARENT = """
import sys, pathlib
from casebus_local.child_process import ChildProcess
child = ChildProcess("child", [sys.executable, "-c", sys.argv[1]], log_path=pathlib.Path(sys.argv[2]), environment={})
print(child.pid, flush=True)
sys.stdin.read()
"""


def python(code: str, directory: Path) -> ChildProcess:
    return ChildProcess("sleeper", [sys.executable, "-c", code], log_path=directory / "child.log", environment={})


def started(code: str, directory: Path) -> ChildProcess:
    child = python(code, directory)
    wait_until(lambda: "up" in child.log_tail(), timeout_seconds=10, describe="the child is up")
    return child


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_unexpected_end_is_reported_with_the_last_log_lines(tmp_path: Path) -> None:
    child = python("print('out of luck'); raise SystemExit(3)", tmp_path)
    assert child.wait(10) == 3

    with pytest.raises(ProcessDiedError, match=r"sleeper ended with exit code 3(.|\n)*out of luck"):
        child.check()


def test_running_child_passes_the_check_and_is_killed_at_the_end_of_the_block(tmp_path: Path) -> None:
    with started(SLEEPER, tmp_path) as child:
        child.check()

    assert child.wait(0) == -signal.SIGKILL


def test_paused_child_can_be_resumed_and_stopped(tmp_path: Path) -> None:
    child = started(SLEEPER, tmp_path)

    child.pause()
    wait_until(
        lambda: psutil.Process(child.pid).status() == psutil.STATUS_STOPPED,
        timeout_seconds=5,
        describe="the child is stopped",
    )
    child.stop(timeout_seconds=10)

    assert child.wait(0) == -signal.SIGTERM


def test_child_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    child = started(DEAF, tmp_path)

    child.stop(timeout_seconds=0.2)

    assert child.wait(0) == -signal.SIGKILL


def test_wait_names_the_process_when_the_limit_passes(tmp_path: Path) -> None:
    with started(SLEEPER, tmp_path) as child, pytest.raises(TimeoutError, match="the end of sleeper"):
        child.wait(0.1)


def test_child_survives_the_thread_that_started_it(tmp_path: Path) -> None:
    children: list[ChildProcess] = []
    thread = threading.Thread(target=lambda: children.append(started(SLEEPER, tmp_path)))
    thread.start()
    thread.join()

    with children[0] as child, pytest.raises(TimeoutError):
        child.wait(0.3)


def test_child_dies_with_a_parent_killed_by_sigkill(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, SLEEPER, str(tmp_path / "child.log")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child_pid = int(parent.stdout.readline())
        assert is_alive(child_pid)
        parent.kill()

    wait_until(lambda: not is_alive(child_pid), timeout_seconds=5, describe="the end of the child")
