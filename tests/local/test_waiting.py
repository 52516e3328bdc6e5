from __future__ import annotations

import pytest

from casebus_local.waiting import wait_until


def test_gives_the_first_truthy_result() -> None:
    results = iter([None, "", "ready"])

    assert wait_until(lambda: next(results), timeout_seconds=5, describe="a result") == "ready"


def test_names_what_was_awaited_when_the_limit_passes() -> None:
    with pytest.raises(TimeoutError, match=r"not within 0\.1 s: the moon"):
        wait_until(lambda: False, timeout_seconds=0.1, describe="the moon")


def test_an_error_of_the_condition_ends_the_wait() -> None:
    def broken() -> bool:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        wait_until(broken, timeout_seconds=5, describe="never")
