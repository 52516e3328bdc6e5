"""Workers that lose sight of Kafka: cut off, answered late, or connected to nothing. Everyone else still sees it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.faults.campaign import SESSION_TIMEOUT_SECONDS, TRANSACTION_TIMEOUT_SECONDS, Campaign
from tests.faults.faulty_kafka import FaultyKafka
from tests.faults.sizes import only_large

# Only large: in the small run the killed broker looks much the same from where the workers are.
pytestmark = [pytest.mark.integration, pytest.mark.timeout(1800), only_large]

LONGER_THAN_EVERY_TIMEOUT = max(SESSION_TIMEOUT_SECONDS, TRANSACTION_TIMEOUT_SECONDS) + 2


@pytest.fixture
def proxied(kafka: FaultyKafka, tmp_path: Path, seed: int) -> Iterator[Campaign]:
    with Campaign(kafka, tmp_path, seed=seed, is_proxied=True) as running:
        running.are_workers_supervised = True
        yield running
    kafka.proxy.mend()


def test_workers_cut_off_for_longer_than_every_timeout(kafka: FaultyKafka, proxied: Campaign) -> None:
    proxied.start_worker("w1")
    proxied.start_workload(events=20_000, rate=300)
    for _ in range(5):
        proxied.wait_for_changes(100)
        kafka.proxy.cut()
        proxied.reader.read_more(LONGER_THAN_EVERY_TIMEOUT)
        kafka.proxy.mend()
    proxied.check()


def test_half_open_connections(kafka: FaultyKafka, proxied: Campaign) -> None:
    proxied.start_worker("w1")
    proxied.start_workload(events=20_000, rate=300)
    for _ in range(3):
        proxied.wait_for_changes(100)
        kafka.proxy.fall_silent()
        proxied.reader.read_more(LONGER_THAN_EVERY_TIMEOUT)
        kafka.proxy.mend()
    proxied.check()


def test_answers_that_come_two_seconds_late(kafka: FaultyKafka, proxied: Campaign) -> None:
    patience = {
        "CASEBUS_STREAMS__SESSION_TIMEOUT_SECONDS": "10",
        "CASEBUS_STREAMS__TRANSACTION_TIMEOUT_SECONDS": "30",
    }
    proxied.start_worker("w1", **patience)
    proxied.start_workload(events=5_000, rate=300)
    proxied.wait_for_changes(100)
    kafka.proxy.latency_seconds = 1.0
    proxied.check()
