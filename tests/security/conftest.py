"""One secured broker for all these tests, with two agencies on one bus. None of them needs a database."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tests.security.secured_bus import SecuredBus

from casebus_local import LocalStack
from casebus_local.stack import BOOTSTRAP_SERVERS, DATABASE_DSN

A, B = "OVO000123", "OVO000124"


@pytest.fixture(scope="session")
def secured() -> Iterator[LocalStack]:
    """A Kafka of these tests' own, whatever Kafka the environment names: that one may let anybody in."""
    outside = {name: value for name, value in os.environ.items() if name != BOOTSTRAP_SERVERS}
    with LocalStack(secure=True, environ={**outside, DATABASE_DSN: "postgresql://nobody@127.0.0.1:1/none"}) as running:
        yield running


@pytest.fixture(scope="session")
def bus(secured: LocalStack) -> SecuredBus:
    """The bus of agencies A and B, for tests that change nothing about either's rights."""
    made = SecuredBus(secured, "shared")
    made.make_topics()
    for agency in (A, B):
        added = made.add(agency, "--yes")
        assert added.returncode == 0, added.stderr
    return made
