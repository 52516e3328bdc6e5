"""Fixtures for tests against the real Kafka and PostgreSQL; nothing starts before a test asks for it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from casebus_local import LocalStack, fresh_database


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    """One broker and one PostgreSQL for the whole session, or those that the environment names."""
    with LocalStack() as running:
        yield running


@pytest.fixture
def database(stack: LocalStack) -> Iterator[str]:
    """The DSN of an empty database, dropped after the test."""
    with fresh_database(stack.dsn) as dsn:
        yield dsn


@pytest.fixture
def topic_prefix() -> str:
    """A topic prefix no other test uses, so that tests share one broker."""
    return f"t{secrets.token_hex(4)}"
