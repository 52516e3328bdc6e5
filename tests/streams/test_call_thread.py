"""A call that never returns holds up nobody; any other is as if it were made here."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest

from casebus_local.waiting import wait_until
from casebus_streams.call_thread import CallThread


def test_calls_are_made_one_after_the_other_in_one_other_thread() -> None:
    threads: list[threading.Thread] = []
    make = CallThread("calls", limit_seconds=30)
    for _ in range(3):
        make(lambda: threads.append(threading.current_thread()))
    assert len(threads) == 3
    assert len(set(threads)) == 1
    assert threads[0] is not threading.current_thread()
    assert threads[0].daemon, "it must not keep the process alive"


def test_what_a_call_raises_is_raised_and_the_next_is_made() -> None:
    make = CallThread("calls", limit_seconds=30)
    with pytest.raises(ZeroDivisionError):
        make(lambda: 1 // 0)
    make(lambda: None)


def test_a_call_that_does_not_return_is_left_alone_and_its_thread_ends_when_it_does() -> None:
    may_return, stuck = threading.Event(), list[threading.Thread]()

    def hang() -> None:
        stuck.append(threading.current_thread())
        may_return.wait()

    make = CallThread("calls", limit_seconds=0.05)
    with pytest.raises(TimeoutError):
        make(hang)
    made: list[threading.Thread] = []
    make(lambda: made.append(threading.current_thread()))
    assert stuck[0] not in made
    assert stuck[0].is_alive()
    may_return.set()
    wait_until(lambda: not stuck[0].is_alive(), timeout_seconds=30, describe="the end of the abandoned thread")


def test_nothing_of_a_call_is_kept() -> None:
    class Held:
        pass

    held = Held()
    gone = weakref.ref(held)
    make = CallThread("calls", limit_seconds=30)
    make(lambda held=held: None)  # type: ignore[misc]
    del held
    gc.collect()
    wait_until(lambda: gone() is None, timeout_seconds=30, describe="the call to be forgotten")
