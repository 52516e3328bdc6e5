"""One watched bus for all tests that look at it; those that break it come last and run on one of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.monitoring.watched_bus import WatchedBus, watched_bus

from casebus_local import LocalStack, fresh_database


@pytest.fixture(scope="module")
def watched(stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedBus]:
    """The whole bus, with traffic and Prometheus."""
    directory = tmp_path_factory.mktemp("watched")
    with fresh_database(stack.dsn) as dsn, watched_bus(stack, directory.name, dsn, directory) as running:
        yield running
