"""Everything bad that an agency can send, through the whole system: refused with reasons, and no number gets out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from confluent_kafka import Message
from tests.bus import Bus
from tests.schemas.golden import Example, invalid_examples
from tests.streams.case_events import content

from casebus_local import LocalStack
from casebus_local.ports import free_port
from casebus_local.simulator.faults import EXPECTED_RULE, Fault, broken
from casebus_local.waiting import wait_until
from casebus_schemas import Citizen, Role, StatusChanged, encode_event, insz_of, new_event

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

AGENCY = "OVO000001"
CANARY = insz_of("850730777")
WRITTEN = f"{CANARY[:2]}.{CANARY[2:4]}.{CANARY[4:6]}-{CANARY[6:9]}.{CANARY[9:]}"
FOUND = re.compile("|".join(re.escape(form) for form in (CANARY, WRITTEN, WRITTEN.replace(".", " "))).encode())
CASE_ID = "case-1"

BadRecord = tuple[bytes | None, bytes | None, tuple[tuple[str | None, str], ...]]
"""Key, value, and the (field, rule) of each reason expected; a field that is not known beforehand is None."""


def valid_event() -> bytes:
    party = Citizen(number=CANARY, role=Role.APPLICANT)
    data = StatusChanged(case_id=CASE_ID, parties=(party,), **dict(content(title="Aanvraag")))
    return encode_event(new_event(data, agency=AGENCY, sequence=1, id="canary-1"))


def bad_records() -> Iterator[BadRecord]:
    """The simulator's faults made of the canary's own event, the golden set, and the number in every other place."""
    for fault in set(Fault) - {Fault.KBO_CHECK_DIGITS}:
        key, value = broken(fault, CASE_ID.encode(), with_link(valid_event()))
        yield key, value, ((None, EXPECTED_RULE[fault]),)
    for example in invalid_examples():
        yield key_of(example), example.value, example.reasons
    for path in ("id", "subject", "source", "data.title.nl", "data.external_reference", "data.status.code"):
        for number in (CANARY, WRITTEN):
            yield CASE_ID.encode(), with_text(valid_event(), path, number), ()
    yield CASE_ID.encode(), with_text(valid_event(), CANARY, "x"), ()
    yield CANARY.encode(), valid_event(), (("(record key)", "key.case-id"),)
    yield CASE_ID.encode(), CANARY.encode(), ()
    yield CASE_ID.encode(), f'"{WRITTEN}'.encode(), ()


def with_link(value: bytes) -> bytes:
    event = json.loads(value)
    event["data"]["links"] = [{"url": "https://loket.be/", "label": {"nl": "Naar het loket"}}]
    return json.dumps(event).encode()


def with_text(value: bytes, path: str, text: str) -> bytes:
    event = json.loads(value)
    *parents, name = path.split(".")
    place: dict[str, Any] = event
    for parent in parents:
        place = place[parent]
    place[name] = text
    return json.dumps(event).encode()


def key_of(example: Example) -> bytes:
    """The key that a careless but honest agency would give it."""
    try:
        return str(json.loads(example.value)["data"]["case_id"]).encode()
    except (ValueError, KeyError, TypeError, RecursionError):
        return CASE_ID.encode()


@pytest.fixture
def bus(stack: LocalStack, topic_prefix: str) -> Bus:
    return Bus(stack, topic_prefix)


def test_all_bad_input_comes_back_with_reasons_and_the_number_is_nowhere_else(bus: Bus, database: str) -> None:
    agencies = [AGENCY, "OVO000999"]
    bus.make_topics(agencies)
    bad = list(bad_records())
    with bus.producer() as producer:
        for key, value, _ in bad:
            producer.produce(bus.topics.submitted(AGENCY), value, key, 0)
        producer.produce(bus.topics.submitted(AGENCY), valid_event(), CASE_ID.encode(), 0)

    ports = {"CASEBUS_PROFILE__PORT": free_port(), "CASEBUS_PROFILE__OPERATIONS_PORT": free_port()}
    metrics_port = free_port()
    settings = {name: str(port) for name, port in ports.items()} | {"CASEBUS_DATABASE__DSN": database}
    with (
        bus.run_streams(CASEBUS_STREAMS__METRICS_PORT=str(metrics_port)) as streams,
        bus.run("profile", **settings) as profile,
    ):
        rejections = bus.reader(bus.topics.rejected(AGENCY))
        rejections.read_until(lambda read: len(read) >= len(bad), alive=streams.check)
        answers = ask(bus, f"http://127.0.0.1:{ports['CASEBUS_PROFILE__PORT']}", alive=profile.check)
        answers += [
            httpx.get(f"http://127.0.0.1:{port}/metrics").content
            for port in (metrics_port, ports["CASEBUS_PROFILE__OPERATIONS_PORT"])
        ]
        bus.wait_until_caught_up("overviews", bus.topics.accepted)

    assert_reasons(rejections.messages, bad)
    later = bus.reader(bus.topics.accepted, bus.topics.overviews, bus.topics.changes, bus.topics.dead_letters)
    records = later.read_to_end()
    assert {message.topic() for message in records} == {
        bus.topics.accepted,
        bus.topics.overviews,
        bus.topics.changes,
    }, "one event was accepted, and no code failed on anything"
    seen = {
        "topics": b"".join((m.key() or b"") + (m.value() or b"") + repr(m.headers()).encode() for m in records),
        "rejections, but for the original": without_originals(rejections.messages),
        "logs": b"".join(Path(process.log_path).read_bytes() for process in (streams, profile)),
        "HTTP": b"".join(answers),
        "database": dump(database),
    }
    assert all(seen.values())
    assert {place: FOUND.findall(text) for place, text in seen.items() if FOUND.search(text)} == {}


def ask(bus: Bus, address: str, *, alive: Any) -> list[bytes]:
    """Bodies and headers of every kind of answer, once the citizen's overview is there."""
    token = bus.stack.tokens.issue(CANARY)

    def get(path: str, authorization: str) -> httpx.Response:
        return httpx.get(f"{address}{path}", headers={"Authorization": authorization})

    def is_there() -> bool:
        alive()
        try:
            return b"Aanvraag" in get("/v1/overview", f"Bearer {token}").content
        except httpx.TransportError:
            return False

    wait_until(is_there, timeout_seconds=60, describe="the citizen's overview over HTTP")
    answers = [
        get("/v1/overview", f"Bearer {token}"),
        get("/v1/overview", f"Bearer {token}x"),
        get("/v1/overview", f"Bearer {bus.stack.tokens.issue(CANARY, lifetime_seconds=-60)}"),
        get("/v1/overview", CANARY),
        get("/v1/nothing", f"Bearer {token}"),
    ]
    assert [answer.status_code for answer in answers] == [200, 401, 401, 401, 404]
    return [answer.content + str(answer.headers).encode() for answer in answers]


def assert_reasons(messages: list[Message], bad: list[BadRecord]) -> None:
    """Each rejection, in order, gives a field, a rule and a message, and those expected of its record."""
    assert len(messages) == len(bad)
    by_offset = sorted(messages, key=lambda message: json.loads(message.value() or b"")["position"]["offset"])
    for message, (_, _, expected) in zip(by_offset, bad, strict=True):
        rejection = json.loads(message.value() or b"")
        assert rejection["verdict"] == "rejected"
        given = [(reason["field"], reason["rule"]) for reason in rejection["reasons"]]
        assert all(field and rule for field, rule in given)
        for field, rule in expected:
            assert any(rule == found and field in (None, place) for place, found in given), (given, expected)


def without_originals(messages: list[Message]) -> bytes:
    return b"".join(re.sub(rb'"original":"[^"]*"', b"", message.value() or b"") for message in messages)


def dump(dsn: str) -> bytes:
    """Every column of every row of every table, as text; bytea as its bytes."""
    text = b""
    with psycopg.connect(dsn) as connection:
        tables = connection.execute(
            "SELECT table_schema || '.' || table_name FROM information_schema.tables "
            "WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        assert tables
        for (table,) in tables:
            for row in connection.execute(f"SELECT * FROM {table}").fetchall():  # noqa: S608
                text += b"|".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
    return text
