"""A broker away for ten minutes while an agency goes on publishing. Takes that long: run by ``make faults``."""

from __future__ import annotations

import sys
import threading
import time
from typing import Final

import psutil
import pytest
from tests.producers.cases import AGENCY, event, settings
from tests.producers.reading import TopicReader

from casebus_local import LocalStack
from casebus_producers import CaseStatusProducer
from casebus_schemas import CaseEvent, decode_event

OUTAGE_SECONDS: Final = 600.0
PER_SECOND: Final = 100
CASES: Final = 50
MOST_MEMORY_MIB: Final = 150
"""What 60,000 waiting events of 0.7 kB may take beside what the process had before."""


@pytest.mark.campaign
@pytest.mark.timeout(OUTAGE_SECONDS + 300)
def test_ten_minutes_without_a_broker_lose_nothing_and_reorder_nothing(
    stack: LocalStack, broker: str, topic_prefix: str, submitted: str, reader: TopicReader
) -> None:
    if not stack.brokers:
        pytest.skip("the broker is not this stack's own, so it cannot be stopped")
    process, never = psutil.Process(), threading.Event()
    with CaseStatusProducer(settings(broker, topic_prefix), agency=AGENCY) as producer:
        producer.publish(event("before")).result(30)
        before = process.memory_info().rss
        stack.brokers[0].stop()
        started, sent = time.monotonic(), 0
        try:
            while time.monotonic() - started < OUTAGE_SECONDS:
                producer.publish(_event(sent))
                sent += 1
                never.wait(max(0.0, started + sent / PER_SECOND - time.monotonic()))
            waiting, grown = len(producer), process.memory_info().rss - before
        finally:
            stack.brokers[0].start()
        producer.flush(120)
    sys.stdout.write(f"{sent:,} events, {waiting:,} of them waiting at the end, in {grown / 2**20:.0f} MiB\n")
    assert waiting == sent
    assert grown < MOST_MEMORY_MIB * 2**20
    sequences: dict[str, list[int]] = {}
    for record in reader.all():
        arrived = decode_event(record.value)
        sequences.setdefault(arrived.subject, []).append(arrived.sequence)
    del sequences["before"]
    expected = {f"case-{case}": list(range(1, sent // CASES + (case < sent % CASES) + 1)) for case in range(CASES)}
    assert sequences == expected


def _event(number: int) -> CaseEvent:
    return event(f"case-{number % CASES}", number // CASES + 1)
