"""A blocking job beside the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable


def run_in_thread(work: Callable[[], None], *, name: str) -> asyncio.Future[None]:
    """Run ``work`` in a thread of its own; the future ends as ``work`` does, with its error if it raises one.

    A daemon thread, unlike an executor's: one that does not end cannot keep the process from ending.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def settle(error: BaseException | None) -> None:
        if ended.done():
            return
        if error is None:
            ended.set_result(None)
        else:
            ended.set_exception(error)

    def run() -> None:
        error: BaseException | None = None
        try:
            work()
        except BaseException as raised:  # carried over to the event loop, where it is raised
            error = raised
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return ended
