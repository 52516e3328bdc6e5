"""Fixtures of the tests about running the bus."""

from __future__ import annotations

import pytest
from tests.bus import Bus

from casebus_local import LocalStack


@pytest.fixture
def bus(stack: LocalStack, topic_prefix: str) -> Bus:
    return Bus(stack, topic_prefix)
