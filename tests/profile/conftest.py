"""One running service for all tests of this folder, with Emma's cases and Jan's."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from tests.consumers.bus import Bus
from tests.profile.running import Service, fill, running_service

from casebus_local import LocalStack, fresh_database


@pytest.fixture(scope="session")
def service(stack: LocalStack) -> Iterator[Service]:
    """Shared: a test that changes something puts it in a case or a party of its own."""
    with fresh_database(stack.dsn) as dsn, running_service(stack, new_bus(stack), dsn) as running:
        fill(running)
        yield running


@pytest.fixture
def own_service(stack: LocalStack, database: str) -> Iterator[Service]:
    """For a test that takes the database away, or looks into all of it."""
    with running_service(stack, new_bus(stack), database) as running:
        yield running


def new_bus(stack: LocalStack) -> Bus:
    bus = Bus(stack.bootstrap_servers, f"t{secrets.token_hex(4)}")
    bus.create_topics()
    return bus
