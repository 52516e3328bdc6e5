"""A thread for calls into the client library that may never return, whatever time limit they are given."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue

Call = Callable[[], object]
_Orders = SimpleQueue[tuple[Call, "Future[None]"] | None]


class CallThread:
    """Makes one call after the other in a thread of its own, and waits for each for at most ``limit_seconds``.

    A call that does not return keeps its thread, and what it refers to, for good; the next one gets a new thread.
    """

    def __init__(self, name: str, *, limit_seconds: float) -> None:
        self._name = name
        self._limit_seconds = limit_seconds
        self._orders = self._started()

    def __call__(self, call: Call) -> None:
        """Make it. Blocks. Raises what it raises, and ``TimeoutError`` when it has not returned in time."""
        answer: Future[None] = Future()
        self._orders.put((call, answer))
        try:
            answer.result(self._limit_seconds)
        except TimeoutError:
            self._orders.put(None)  # should it return after all, the thread ends
            self._orders = self._started()
            raise

    def _started(self) -> _Orders:
        orders: _Orders = SimpleQueue()
        threading.Thread(target=_serve, args=(orders,), name=self._name, daemon=True).start()
        return orders


def _serve(orders: _Orders) -> None:
    while (order := orders.get()) is not None:
        call, answer = order
        try:
            call()
        except BaseException as error:
            answer.set_exception(error)
        else:
            answer.set_result(None)
        del order, call, answer  # else they would live until the next call
