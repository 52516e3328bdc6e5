"""Fixtures of the notifier's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.notifier.mail_server import MailServer
from tests.notifier.notifier_bus import NotifierBus

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
