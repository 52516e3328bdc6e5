"""Fixtures of the notifier's tests."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from tests.notifier.mail_server import MailServer
from tests.notifier.notifier_bus import NotifierBus
from tests.notifier.office import Office
from tests.notifier.worlds import NOON

from casebus_consumers.notifier.composition import MIGRATED_PACKAGES
from casebus_consumers.notifier.planning_store import prepare
from casebus_consumers.sink import apply_migrations
from casebus_local import LocalStack


@pytest.fixture
def notifier_bus(stack: LocalStack, topic_prefix: str, database: str) -> NotifierBus:
    """Topics and a database with the notifier's tables."""
    return NotifierBus(stack, topic_prefix, database)


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """A mail server that works until it is told otherwise."""
    with MailServer() as server:
        yield server


@pytest.fixture
def office(database: str) -> Iterator[Office]:
    """A database with the notifier's tables, on the first day."""
    apply_migrations(database, *MIGRATED_PACKAGES)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("UPDATE notifier_start SET started_at = %s", [NOON])
        prepare(connection)
        yield Office(database, connection)
