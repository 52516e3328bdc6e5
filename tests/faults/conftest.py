"""A Kafka of their own for the fault tests: they stop it, kill it and cut it off."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.faults.campaign import Campaign
from tests.faults.faulty_kafka import FaultyKafka


@pytest.fixture(scope="package")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyKafka]:
    """One broker for all fault tests; each leaves it running."""
    faulty = FaultyKafka(tmp_path_factory.mktemp("kafka"))
    faulty.broker.start()
    try:
        with faulty.proxy:
            yield faulty
    finally:
        faulty.broker.stop()


@pytest.fixture
def seed() -> int:
    """Random, printed by the campaign; ``CASEBUS_FAULT_SEED`` repeats one that failed."""
    return int(os.environ.get("CASEBUS_FAULT_SEED", secrets.randbelow(10**9)))


@pytest.fixture
def campaign(kafka: FaultyKafka, tmp_path: Path, seed: int) -> Iterator[Campaign]:
    """A campaign on that broker."""
    with Campaign(kafka, tmp_path, seed=seed) as running:
        yield running
