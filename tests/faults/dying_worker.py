"""A stream worker that fails at named points: ``python -m tests.faults.dying_worker overviews/after-produce/3/kill``.

Replaces classes of the client library and steps of the product from outside, then runs the product as it is.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer

import casebus_streams.overviews.restore as restore_module
import casebus_streams.sink as sink_module
import casebus_streams.source as source_module
from casebus_local.waiting import wait_until
from casebus_streams.run import run

_LOST_ANSWERS = 3  # one more than the product asks again


class Trap:
    """``stage/point/nth/action``: when that stage's thread passes the point for the nth time, the action happens.

    Points: before-begin, after-produce, after-send-offsets, before-commit, after-commit, in-assign, in-revoke,
    in-restore. Actions: kill, stop (until SIGCONT), hang (that call alone, for ever), and the client's errors
    retriable, abortable, fatal, and silent (retriable, and again whenever the call is repeated).
    """

    def __init__(self, text: str) -> None:
        self._stage, self._point, nth, self._action = text.split("/")
        last = int(nth) + (_LOST_ANSWERS if self._action == "silent" else 1)
        self._when = range(int(nth), last)
        self._passages = 0
        self.has_acted = False

    def pass_by(self, point: str) -> None:
        """May not return, or raise what the client library would."""
        if point != self._point or threading.current_thread().name.partition("-")[0] != self._stage:
            return
        self._passages += 1
        if self._passages in self._when:
            self.has_acted = True
            print(f"trap {point} {self._action}", file=sys.stderr, flush=True)  # noqa: T201 - for the test's eyes
            self._act()

    def _act(self) -> None:
        if self._action == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif self._action == "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        elif self._action == "hang":
            threading.Event().wait()
        elif self._action in ("retriable", "silent"):
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "trap", retriable=True))
        elif self._action == "abortable":
            raise KafkaException(KafkaError(KafkaError.INVALID_TXN_STATE, "trap", txn_requires_abort=True))
        else:
            raise KafkaException(KafkaError(KafkaError._FATAL, "trap", fatal=True))


class Traps:
    """All traps of a worker."""

    def __init__(self, texts: list[str]) -> None:
        self._traps = [Trap(text) for text in texts]

    def pass_by(self, point: str) -> None:
        for trap in self._traps:
            trap.pass_by(point)

    @property
    def have_acted(self) -> bool:
        return any(trap.has_acted for trap in self._traps)


def trapped_producer(traps: Traps) -> type[Producer]:
    class TrappedProducer(Producer):
        def begin_transaction(self) -> None:
            traps.pass_by("before-begin")
            super().begin_transaction()

        def send_offsets_to_transaction(self, *arguments: Any) -> None:
            traps.pass_by("after-produce")
            super().send_offsets_to_transaction(*arguments)
            traps.pass_by("after-send-offsets")

        def commit_transaction(self, *arguments: Any) -> None:
            traps.pass_by("before-commit")
            super().commit_transaction(*arguments)
            traps.pass_by("after-commit")

    return TrappedProducer


def trapped_consumer(traps: Traps, *, waits_for_exclusion: bool) -> type[Consumer]:
    class TrappedConsumer(Consumer):
        is_to_wait = waits_for_exclusion

        def consumer_group_metadata(self) -> Any:
            if self.is_to_wait and traps.have_acted:
                self.is_to_wait = False
                wait_until(lambda: not self.memberid(), timeout_seconds=30, describe="news of the exclusion")
                print("excluded", file=sys.stderr, flush=True)  # noqa: T201 - for the test's eyes
            return super().consumer_group_metadata()

    return TrappedConsumer


def set_traps(traps: Traps, *, waits_for_exclusion: bool) -> None:
    _replace(sink_module, "Producer", trapped_producer(traps))
    _replace(source_module, "Consumer", trapped_consumer(traps, waits_for_exclusion=waits_for_exclusion))
    _prepend(source_module.Source, "_assign", lambda: traps.pass_by("in-assign"))
    _prepend(source_module.Source, "_revoke", lambda: traps.pass_by("in-revoke"))
    _prepend(restore_module, "_keep", lambda: traps.pass_by("in-restore"))


def _replace(owner: object, name: str, by: object) -> None:
    assert hasattr(owner, name)
    setattr(owner, name, by)


def _prepend(owner: object, name: str, step: Callable[[], None]) -> None:
    method = getattr(owner, name)

    def with_step(*arguments: Any) -> Any:
        step()
        return method(*arguments)

    setattr(owner, name, with_step)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("traps", nargs="+")
    parser.add_argument("--wait-for-exclusion", action="store_true", help="once trapped, go on as a non-member")
    chosen = parser.parse_args()
    set_traps(Traps(chosen.traps), waits_for_exclusion=chosen.wait_for_exclusion)
    return run()


if __name__ == "__main__":
    sys.exit(main())
