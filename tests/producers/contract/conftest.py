"""Every test of the contract runs in each world."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.producers.contract.worlds import KafkaWorld, MemoryWorld, World

WORLDS = [
    pytest.param(("kafka", False), marks=pytest.mark.integration, id="sync-kafka"),
    pytest.param(("kafka", True), marks=pytest.mark.integration, id="async-kafka"),
    pytest.param(("memory", False), id="sync-memory"),
    pytest.param(("memory", True), id="async-memory"),
]


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    place, is_async = request.param
    made: World = KafkaWorld(request, is_async=is_async) if place == "kafka" else MemoryWorld(is_async=is_async)
    yield made
    for driver in made.drivers:
        driver.dispose()
