"""What the operations endpoint's threads ask of a service's event loop."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from casebus_consumers.service import event_loop_check
from casebus_consumers.service.event_loop_check import asked_of_loop, event_loop_answers


def test_the_loop_answers_for_itself() -> None:
    async def no() -> bool:
        return False

    async def asked() -> list[bool]:
        return [await asyncio.to_thread(check) for check in (event_loop_answers(), asked_of_loop(no))]

    assert asyncio.run(asked()) == [True, False]


def test_a_loop_that_hangs_does_not_answer_until_it_comes_round_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_loop_check, "ANSWER_SECONDS", 0.05)

    async def asked() -> list[bool]:
        check = event_loop_answers()
        with ThreadPoolExecutor(1) as thread:
            while_it_hangs = thread.submit(check).result(10)  # blocks this loop, which is to answer
        monkeypatch.undo()
        return [while_it_hangs, await asyncio.to_thread(check)]

    assert asyncio.run(asked()) == [False, True]
