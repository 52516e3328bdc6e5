"""Fixtures of the consumers' tests."""

from __future__ import annotations

import pytest
from tests.consumers.bus import Bus

from casebus_consumers.profile.composition import MIGRATED_PACKAGES
from casebus_consumers.sink import apply_migrations
from casebus_local import LocalStack


@pytest.fixture
def bus(stack: LocalStack, topic_prefix: str) -> Bus:
    """A bus with all topics."""
    made = Bus(stack.bootstrap_servers, topic_prefix)
    made.create_topics()
    return made


@pytest.fixture
def dsn(database: str) -> str:
    """A database with the profile service's tables."""
    apply_migrations(database, *MIGRATED_PACKAGES)
    return database
