"""Fixtures of the tests of the operator's commands."""

from __future__ import annotations

import random

import pytest
from tests.bus import Bus

from casebus_local import LocalStack


@pytest.fixture
def bus(stack: LocalStack, topic_prefix: str) -> Bus:
    return Bus(stack, topic_prefix)


@pytest.fixture
def seed() -> int:
    """Another one each time; pytest shows it when the test fails."""
    chosen = random.randrange(10**6)
    print(f"seed {chosen}")  # noqa: T201 - it is for the test's report
    return chosen
