"""Which errors are tried again, how often, and after which waits."""

from __future__ import annotations

from casebus_consumers.subscriber import RetryPolicy
from casebus_schemas import UndecodableError


def waits(policy: RetryPolicy, error: Exception, attempts: int) -> list[float | None]:
    return [policy.wait_after(error, attempt) for attempt in range(1, attempts + 1)]


def test_waits_double_up_to_the_longest_until_the_attempts_are_used_up() -> None:
    policy = RetryPolicy(attempts=5, first_wait_seconds=1, longest_wait_seconds=5)
    assert waits(policy, OSError(), 6) == [1, 2, 4, 5, None, None]


def test_without_a_number_of_attempts_it_goes_on_for_ever() -> None:
    assert RetryPolicy(attempts=None).wait_after(OSError(), 1_000_000) == RetryPolicy().longest_wait_seconds


def test_only_the_named_errors_are_tried_again_and_a_broken_record_never() -> None:
    policy = RetryPolicy(on=(OSError, UndecodableError))
    assert policy.wait_after(ConnectionError(), 1) is not None
    assert policy.wait_after(ValueError(), 1) is None
    assert policy.wait_after(UndecodableError("x"), 1) is None
