"""``casebus run sources`` as a real worker on the real Kafka."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import Message, Producer
from tests.bus import SESSION_TIMEOUT_SECONDS, Bus, TopicReader
from tests.sources.simulated_agency import report
from tests.streams.case_events import content

from casebus_local.processes import CasebusProcess
from casebus_schemas import (
    AgencyActivity,
    Citizen,
    DeadLetter,
    Role,
    SourceFreshness,
    SourceState,
    StatusChanged,
    decode,
    encode,
    encode_event,
    insz_of,
    new_event,
)

pytestmark = pytest.mark.integration

FIRST, SECOND = "OVO000001", "OVO000002"


QUICK_GROUP = {
    "CASEBUS_KAFKA__EXTRA__SESSION_TIMEOUT_MS": str(SESSION_TIMEOUT_SECONDS * 1000),
    "CASEBUS_KAFKA__EXTRA__HEARTBEAT_INTERVAL_MS": "500",
}


def run_sources(bus: Bus) -> CasebusProcess:
    return bus.run("sources", CASEBUS_SOURCES__REPEAT_SECONDS="1", **QUICK_GROUP)


def publish(bus: Bus, *reports: AgencyActivity) -> None:
    with bus.producer() as producer:
        for each in reports:
            producer.produce(bus.topics.activity, encode(each), each.agency)


def latest(messages: list[Message]) -> Mapping[str, SourceFreshness]:
    read = (decode(SourceFreshness, message.value() or b"") for message in messages)
    return {freshness.agency: freshness for freshness in read}


def counts(**wanted: tuple[int, int]) -> Callable[[list[Message]], bool]:
    """Until these agencies' accepted and rejected events of the last day are told."""

    def are_told(messages: list[Message]) -> bool:
        known = latest(messages)
        return all(
            agency in known and (known[agency].accepted_last_day, known[agency].rejected_last_day) == numbers
            for agency, numbers in wanted.items()
        )

    return are_told


def submitted(agency: str, sequence: int) -> bytes:
    citizen = Citizen(number=insz_of("850730033"), role=Role.APPLICANT)
    data = StatusChanged(case_id="case-1", parties=(citizen,), **dict(content()))
    return encode_event(new_event(data, agency=agency, sequence=sequence))


def read_until(reader: TopicReader, worker: CasebusProcess, condition: Callable[[list[Message]], bool]) -> None:
    reader.read_until(condition, timeout_seconds=40, alive=worker.check)


def test_what_two_agencies_publish_is_told_as_their_freshness(bus: Bus) -> None:
    bus.make_topics([FIRST, SECOND])
    begin = datetime.now(UTC) - timedelta(seconds=1)
    with bus.producer() as producer:
        for sequence in range(1, 4):
            producer.produce(bus.topics.submitted(FIRST), submitted(FIRST, sequence), "case-1")
        producer.produce(bus.topics.submitted(SECOND), submitted(SECOND, 1), "case-1")
        producer.produce(bus.topics.submitted(SECOND), b"{", "case-1")
    with bus.run_streams() as streams, run_sources(bus) as worker:
        sources = bus.reader(bus.topics.sources)
        read_until(sources, worker, lambda messages: {FIRST, SECOND} <= set(latest(messages)))
        streams.check()
    for freshness in latest(sources.messages).values():
        assert freshness.state is SourceState.ACTIVE
        assert freshness.last_event_at is not None
        assert begin <= freshness.last_event_at <= datetime.now(UTC)
    assert {message.key() for message in sources.messages} == {FIRST.encode(), SECOND.encode()}


def test_a_killed_worker_goes_on_counting_and_calls_nobody_silent(bus: Bus) -> None:
    bus.make_topics([])
    now = datetime.now(UTC)
    sources = bus.reader(bus.topics.sources)
    with run_sources(bus) as worker:
        for round_number in (1, 2):  # what is written in the second covers the first
            publish(bus, report(now, accepted=5), report(now, accepted=7, rejected=1, agency=SECOND))
            read_until(
                sources, worker, counts(OVO000001=(5 * round_number, 0), OVO000002=(7 * round_number, round_number))
            )
        worker.kill()
    publish(bus, report(now, accepted=1, rejected=2), report(now, accepted=1))
    with run_sources(bus) as worker:
        read_until(sources, worker, counts(OVO000001=(12, 2), OVO000002=(14, 2)))
        publish(bus, report(now, accepted=1, agency=SECOND))
        read_until(sources, worker, counts(OVO000001=(12, 2), OVO000002=(15, 2)))
        assert replayed_from(worker) > 0
    assert {freshness.state for freshness in latest(sources.messages).values()} == {SourceState.ACTIVE}


def replayed_from(worker: CasebusProcess) -> int:
    """Where the worker began to read: above 0, it had the rest from the records of ``sources``."""
    [offset] = re.findall(r'"replays_from":([0-9]+)', worker.log_path.read_text())
    return int(offset)


def test_poison_goes_to_dead_letters_and_the_next_report_counts(bus: Bus) -> None:
    bus.make_topics([])
    with bus.producer() as producer:
        producer.produce(bus.topics.activity, b'{"agency": "OVO1"}', b"poison")
        producer.produce(bus.topics.activity, None, b"tombstone")
    publish(bus, report(datetime.now(UTC), accepted=3))
    with run_sources(bus) as worker:
        sources, letters = bus.reader(bus.topics.sources), bus.reader(bus.topics.dead_letters)
        read_until(sources, worker, counts(OVO000001=(3, 0)))
        read_until(letters, worker, lambda messages: len(messages) >= 2)
    found = [decode(DeadLetter, message.value() or b"") for message in letters.messages]
    assert [(letter.reason, letter.original) for letter in found] == [
        ("activity.undecodable", b'{"agency": "OVO1"}'),
        ("activity.undecodable", None),
    ]


def test_the_activity_of_an_aborted_batch_does_not_count(bus: Bus) -> None:
    bus.make_topics([])
    now = datetime.now(UTC)
    sources = bus.reader(bus.topics.sources)
    with run_sources(bus) as worker:
        publish(bus, report(now, accepted=1))
        read_until(sources, worker, counts(OVO000001=(1, 0)))  # from here on the agent reads, not the restorer
        producer = Producer(bus.kafka.client_config(transactional_id=f"{bus.topics.prefix}.aborting"))
        producer.init_transactions(20)
        producer.begin_transaction()
        producer.produce(bus.topics.activity, encode(report(now, accepted=100)), FIRST)
        producer.flush(20)
        producer.abort_transaction(20)
        publish(bus, report(now, accepted=1))
        read_until(sources, worker, counts(OVO000001=(2, 0)))
