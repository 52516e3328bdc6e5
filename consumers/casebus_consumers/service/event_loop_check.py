"""Checks of a process's health that its event loop answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from casebus_producers.operations_endpoint import Check

ANSWER_SECONDS: Final = 3.5
"""Less than a probe waits, and more than profile waits for a connection to its database."""


def asked_of_loop(question: Callable[[], Coroutine[Any, Any, bool]]) -> Check:
    """``question`` as the operations endpoint's threads ask it of the event loop that runs now.

    An event loop that does not answer in time says no.
    """
    loop = asyncio.get_running_loop()

    def check() -> bool:
        answer = asyncio.run_coroutine_threadsafe(question(), loop)
        try:
            return answer.result(ANSWER_SECONDS)
        except TimeoutError:
            answer.cancel()
            return False

    return check


def event_loop_answers() -> Check:
    """Whether the event loop that runs now comes round."""

    async def answers() -> bool:
        return True

    return asked_of_loop(answers)
