"""What both kinds of outbox promise, and what a relay makes of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.producers.cases import AGENCY, CANARY, WHEN, cases, event
from tests.producers.fake_producer import FakeProducer
from tests.producers.outboxes import TestOutbox, dsn_as_url

from casebus_local import LocalStack, fresh_database, wait_until
from casebus_producers import UndeliveredError
from casebus_producers.outbox import OutboxSettingError, parameters
from casebus_producers.outbox.relay import Relay
from casebus_producers.outbox.settings import RelaySettings
from casebus_producers.outbox.store import OutboxRow
from casebus_schemas import CaseEvent, InvalidEventError

KINDS = [pytest.param("postgresql", marks=pytest.mark.integration), "sqlite"]


@pytest.fixture(params=KINDS)
def outbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestOutbox]:
    if request.param == "sqlite":
        made = TestOutbox(f"sqlite:///{tmp_path / 'agency.db'}")
        made.store().create()
        yield made
        return
    stack: LocalStack = request.getfixturevalue("stack")
    with fresh_database(stack.dsn) as dsn:
        made = TestOutbox(dsn_as_url(dsn))
        store = made.store()
        store.create()
        store.close()
        yield made


def relay_of(outbox: TestOutbox, log: list[CaseEvent], **settings: float) -> Relay:
    return Relay(outbox.store(), lambda: FakeProducer(log), RelaySettings.model_validate(settings))


def test_what_was_committed_is_sent_and_deleted(outbox: TestOutbox) -> None:
    log: list[CaseEvent] = []
    relay = relay_of(outbox, log)
    outbox.add(cases(3, 4))
    assert relay.relay_batch() == 12
    assert log == cases(3, 4)
    assert outbox.ids() == []
    assert relay.relay_batch() == 0
    relay.close()


def test_what_was_rolled_back_is_not_sent(outbox: TestOutbox) -> None:
    log: list[CaseEvent] = []
    relay = relay_of(outbox, log)

    def events() -> Iterator[CaseEvent]:
        yield event()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        outbox.add(events())
    assert relay.relay_batch() == 0
    assert log == []
    relay.close()


def test_an_unconfirmed_batch_stays_and_is_sent_by_a_new_producer(outbox: TestOutbox) -> None:
    log: list[CaseEvent] = []
    is_away = True
    made: list[FakeProducer] = []

    def connect() -> FakeProducer:
        made.append(FakeProducer(log, lambda: is_away))
        return made[-1]

    relay = Relay(outbox.store(), connect)
    outbox.add(cases(1, 3))
    with pytest.raises(UndeliveredError):
        relay.relay_batch()
    assert len(outbox.ids()) == 3
    assert made[0].is_closed
    is_away = False
    assert relay.relay_batch() == 3
    assert log == cases(1, 3)
    relay.close()


def test_a_row_that_is_no_event_stays_with_its_problem_and_stops_nobody(outbox: TestOutbox) -> None:
    log: list[CaseEvent] = []
    relay = relay_of(outbox, log)
    outbox.add([event("a", 1), event("a", 2), event("b", 1)])
    outbox.query("UPDATE casebus_outbox SET payload = '{}' WHERE id = 'a-1'")
    assert relay.relay_batch() == 3
    assert [sent.id for sent in log] == ["a-2", "b-1"]
    assert outbox.query("SELECT id, problem FROM casebus_outbox") == [
        ("a-1", "type: missing, so the kind is not known [kind.missing]")
    ]
    assert relay.relay_batch() == 0
    store = outbox.store()
    assert store.waiting() == (0, 1)
    store.close()
    assert relay.metrics.refused._value.get() == 1
    relay.close()


def test_batches_keep_the_order_of_a_case(outbox: TestOutbox) -> None:
    log: list[CaseEvent] = []
    relay = relay_of(outbox, log, batch_events=5)
    events = cases(3, 7)
    outbox.add(events)
    while relay.relay_batch():
        pass
    for case in ("case-0", "case-1", "case-2"):
        assert [sent.sequence for sent in log if sent.subject == case] == list(range(1, 8))
    relay.close()


def test_another_agencys_rows_are_left_alone(outbox: TestOutbox) -> None:
    log: list[CaseEvent] = []
    relay = relay_of(outbox, log)
    outbox.add([event(agency="OVO000999")])
    assert relay.relay_batch() == 0
    assert outbox.ids() == ["case-1-1"]
    relay.close()


def test_no_relay_takes_a_case_that_another_one_has_in_hand(outbox: TestOutbox) -> None:
    first, second = outbox.store(), outbox.store()
    outbox.add([event("a", 1), event("a", 2)])
    with first.claim(1) as claim:
        outbox.add([event("a", 3), event("b", 1)])
        assert [row.id for row in claim.rows] == ["a-1"]
        with second.claim(10) as other:
            # SQLite has one relay at a time; PostgreSQL shares by case.
            assert {row.case_id for row in other.rows} <= {"b"}
        claim.settle(sent=["a-1"], refused={})
    first.close()
    with second.claim(10) as claim:
        assert [row.id for row in claim.rows if row.case_id == "a"] == ["a-2", "a-3"]
    second.close()


def test_relays_side_by_side_send_each_case_in_order(outbox: TestOutbox) -> None:
    """Three relays with tiny batches while the application goes on writing."""
    log: list[CaseEvent] = []
    stop = threading.Event()

    def work() -> None:
        relay = relay_of(outbox, log, batch_events=3, poll_seconds=0.05)
        try:
            relay.run(stop)
        finally:
            relay.close()

    with ThreadPoolExecutor() as pool:
        relays = [pool.submit(work) for _ in range(3)]
        for sequence in range(1, 21):
            outbox.add([event(f"case-{case}", sequence) for case in range(5)])
        try:
            wait_until(lambda: len(log) >= 100, timeout_seconds=60, describe="every event in the log")
        finally:
            stop.set()
        for relay in relays:
            relay.result()
    assert len(log) == 100
    for case in range(5):
        assert [sent.sequence for sent in log if sent.subject == f"case-{case}"] == list(range(1, 21))


def test_a_commit_ends_the_wait(outbox: TestOutbox) -> None:
    store = outbox.store()
    with store.claim(1) as claim:
        assert claim.rows == []
    outbox.add([event()])
    assert store.wait(30) is True
    with store.claim(1) as claim:
        assert len(claim.rows) == 1
    assert store.wait(0.01) is False
    store.close()


def test_a_missing_table_is_named(outbox: TestOutbox) -> None:
    outbox.query("DROP TABLE casebus_outbox")
    store = outbox.store()
    with pytest.raises(OutboxSettingError, match="casebus outbox init"), store.claim(1):
        pass
    store.close()


def test_making_the_table_again_keeps_what_is_there(outbox: TestOutbox) -> None:
    outbox.add([event()])
    store = outbox.store()
    store.create()
    store.close()
    assert outbox.ids() == ["case-1-1"]


def test_an_invalid_event_does_not_get_in() -> None:
    valid = event()
    broken = valid.model_copy(update={"data": valid.data.model_copy(update={"case_id": "other"})})
    with pytest.raises(InvalidEventError):
        parameters(broken)


def test_a_row_shows_no_number() -> None:
    row = OutboxRow("a", "b", parameters(event())["payload"].encode(), WHEN)
    assert CANARY not in repr(row)
    assert parameters(event())["aggregatetype"] == AGENCY


@pytest.mark.integration
def test_a_long_backlog_does_not_slow_the_first_batch(database: str) -> None:
    """Before PostgreSQL has statistics about the table, a join over all of it took 22 s here; this takes 0.07 s."""
    outbox = TestOutbox(dsn_as_url(database))
    store = outbox.store()
    store.create()
    outbox.query(
        "INSERT INTO casebus_outbox (id, aggregatetype, aggregateid, type, payload) "
        "SELECT 'e' || number, 'OVO000123', 'case-' || number % 20000, 't', repeat('x', 600) "
        "FROM generate_series(1, 60000) AS number"
    )
    started = time.monotonic()
    with store.claim(500) as claim:
        assert len(claim.rows) == 500
    assert time.monotonic() - started < 5
    store.close()
