"""Fixtures of the tests of erasure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.erasure.world import World, world_of

from casebus_local import LocalStack


@pytest.fixture
def world(stack: LocalStack, topic_prefix: str, tmp_path: Path) -> Iterator[World]:
    with world_of(stack, topic_prefix, tmp_path) as made:
        yield made
