"""What an agency hears back, with the bus's own intake behind it."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import orjson
import pytest
from tests.bus import Bus
from tests.producers.cases import AGENCY, CANARY, WHEN, event, invalid_line, line, settings
from tests.producers.command import Outcome, RunningCasebus, casebus
from tests.producers.intake import running_intake

from casebus_local import LocalStack
from casebus_producers import AgencySettings, BrokerError, CaseStatusProducer
from casebus_producers.feedback import OutdatedReaderError, VerdictWatch, outcomes, rejections
from casebus_schemas import CaseEvent, NotificationOutcome, NotificationState, Verdict, encode, encode_event

pytestmark = pytest.mark.integration

ALLOWED = "https://www.vlaanderen.be/x"
FOREIGN = "https://elsewhere.example/x"


@pytest.fixture
def bus(stack: LocalStack, topic_prefix: str) -> Bus:
    made = Bus(stack, topic_prefix, partitions=2)
    made.make_topics([AGENCY])
    return made


@pytest.fixture
def intake(bus: Bus) -> Iterator[None]:
    """A worker that lets this agency link to one host only: the one rule that the SDK cannot check itself."""
    with running_intake(bus, CASEBUS_STREAMS__LINK_HOSTS=json.dumps({AGENCY: ["www.vlaanderen.be"]})):
        yield


@pytest.fixture
def agency_settings(bus: Bus) -> AgencySettings:
    return settings(bus.stack.bootstrap_servers, bus.topics.prefix)


def agency(bus: Bus, *arguments: object, stdin: bytes = b"") -> Outcome:
    """``casebus`` at the agency."""
    return casebus(
        *arguments,
        stdin=stdin,
        CASEBUS_KAFKA__BOOTSTRAP_SERVERS=bus.stack.bootstrap_servers,
        CASEBUS_KAFKA__TOPIC_PREFIX=bus.topics.prefix,
        CASEBUS_AGENCY=AGENCY,
    )


def linked_line(case_id: str, url: str) -> bytes:
    document = json.loads(line(case_id))
    document["data"]["links"] = [{"url": url, "label": {"nl": "Dossier"}}]
    return json.dumps(document).encode() + b"\n"


def unknown_code(case_id: str) -> CaseEvent:
    known = event(case_id)
    status = known.data.status.model_copy(update={"code": "TerInzage"})  # type: ignore[union-attr]  # a status-changed
    return known.model_copy(update={"data": known.data.model_copy(update={"status": status})})


@pytest.mark.usefixtures("intake")
def test_publish_tells_what_the_bus_made_of_it(bus: Bus) -> None:
    remarked = encode_event(unknown_code("c")) + b"\n"
    stdin = linked_line("a", ALLOWED) + linked_line("b", FOREIGN) + remarked + invalid_line("d")
    outcome = agency(bus, "publish", "-", "--json", "--verdict", 60, stdin=stdin)
    report = outcome.document
    assert outcome.code == report["exit_code"] == 1
    assert (report["read"], report["published"], report["invalid"]) == (4, 3, 1)
    verdict = report["verdict"]
    assert (verdict["accepted"], verdict["rejected"], verdict["warnings"], verdict["unjudged"]) == (2, 1, 1, 0)
    assert [(reason["field"], reason["rule"]) for reason in verdict["top_reasons"]] == [
        ("data.links.*.url", "url.host")
    ]
    assert [reason["rule"] for reason in verdict["top_warnings"]] == ["status.unknown-code"]

    again = agency(bus, "publish", "-", "--verdict", 60, stdin=linked_line("e", ALLOWED))
    assert again.code == 0
    assert "the bus: 1 accepted, 0 rejected" in again.out  # what came before is not counted again


@pytest.mark.usefixtures("intake")
def test_rejected_events_are_written_mended_and_accepted(bus: Bus, tmp_path: Path) -> None:
    remarked = encode_event(unknown_code("c")) + b"\n"
    assert agency(bus, "publish", "-", stdin=linked_line("a", FOREIGN) + remarked).code == 1
    with bus.producer() as producer:
        producer.produce(bus.topics.submitted(AGENCY), b"no JSON", b"case-9")
    bus.wait_until_caught_up("intake", bus.topics.submitted(AGENCY))

    path = tmp_path / "rejected.ndjson"
    shown = agency(bus, "rejections", "--write", path)
    assert shown.code == 1
    *rejected, warning, summary = shown.out.splitlines()
    assert len(rejected) == 2
    assert all(text.startswith("rejected: ") for text in rejected)
    assert "not on a host registered for this agency [url.host]" in shown.out
    assert warning.startswith("warning: case c event c-1 ")
    assert summary == f"{AGENCY}: 2 rejected, 1 accepted with a warning"
    assert "1 events, 1 left out" in shown.err
    assert CANARY not in shown.out + shown.err
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert agency(bus, "rejections", "--write", path).code == 2  # never overwritten

    path.write_bytes(path.read_bytes().replace(FOREIGN.encode(), ALLOWED.encode()))
    mended = agency(bus, "publish", path, "--verdict", 60)
    assert "the bus: 1 accepted, 0 rejected" in mended.out


@pytest.mark.usefixtures("intake")
def test_a_group_goes_on_where_it_left_off(bus: Bus, agency_settings: AgencySettings) -> None:
    def read() -> list[str | None]:
        records = rejections(agency_settings, agency=AGENCY, follow=False, group=f"{bus.topics.prefix}.mine")
        return [rejection.case_id for rejection in records]

    def publish(case_id: str) -> None:
        watch = VerdictWatch(agency_settings.kafka, agency=AGENCY)
        with CaseStatusProducer(agency_settings, agency=AGENCY) as producer:
            watch.note(producer.publish(unknown_code(case_id)).result(30))
        assert watch.wait(60).warnings.count == 1

    assert read() == []
    publish("a")
    assert read() == ["a"]
    assert read() == []
    publish("b")
    assert read() == ["b"]


@pytest.mark.usefixtures("intake")
def test_json_lines_hold_no_event(bus: Bus) -> None:
    agency(bus, "publish", "-", "--verdict", 60, stdin=linked_line("a", FOREIGN))
    outcome = agency(bus, "rejections", "--json")
    rejection = outcome.document
    assert rejection["verdict"] == Verdict.REJECTED
    assert "original" not in rejection
    assert CANARY not in outcome.out


def test_without_intake_publish_soon_stops_waiting_and_says_so(bus: Bus) -> None:
    outcome = agency(bus, "publish", "-", "--json", "--verdict", 600, stdin=line("a"))
    assert outcome.code == 0
    assert outcome.document["verdict"]["unjudged"] == 1
    assert "the bus has not judged everything yet" in outcome.err


def step(state: NotificationState, case_id: str = "case-1", **more: object) -> NotificationOutcome:
    return NotificationOutcome.model_validate(
        {
            "notification_id": UUID(int=1),
            "agency": AGENCY,
            "case_id": case_id,
            "event_id": f"{case_id}-1",
            "sequence": 1,
            "state": state,
            "at": WHEN,
            **more,
        }
    )


def tell(bus: Bus, *values: bytes) -> None:
    with bus.producer() as producer:
        for value in values:
            producer.produce(bus.topics.outcomes(AGENCY), value, b"case-1")


def test_outcomes_as_text_and_as_json(bus: Bus) -> None:
    deferred = step(NotificationState.DEFERRED, reason="quiet-hours", due_at=WHEN)
    tell(bus, encode(deferred), encode(step(NotificationState.SENT)))
    shown = agency(bus, "outcomes")
    assert shown.code == 0
    assert shown.out.splitlines() == [
        "2026-03-01T12:00:00Z  deferred because of quiet-hours until 2026-03-01T12:00:00Z  case case-1 event case-1-1",
        "2026-03-01T12:00:00Z  sent  case case-1 event case-1-1",
        f"{AGENCY}: 2 steps of notifications",
    ]
    lines = agency(bus, "outcomes", "--json").out.splitlines()
    assert lines[0].encode() == encode(deferred)
    assert len(lines) == 2


def test_a_newer_bus_may_add_fields(bus: Bus, agency_settings: AgencySettings) -> None:
    newer = orjson.loads(encode(step(NotificationState.SENT))) | {"added_in_a_later_version": {"a": 1}}
    tell(bus, orjson.dumps(newer))
    with closing(outcomes(agency_settings, agency=AGENCY)) as steps:
        assert next(steps) == step(NotificationState.SENT)


def test_what_this_version_cannot_read_is_named(bus: Bus, agency_settings: AgencySettings) -> None:
    tell(bus, b'{"state": "sent"}')
    with pytest.raises(OutdatedReaderError, match=r"outcomes\.OVO000123\[.\]@0: notification_id: "):
        list(outcomes(agency_settings, agency=AGENCY, follow=False))


def test_a_missing_topic_is_named(agency_settings: AgencySettings) -> None:
    with pytest.raises(BrokerError, match=r"rejected\.OVO000777"):
        list(rejections(agency_settings, agency="OVO000777", follow=False))


def test_following_shows_what_comes_until_ctrl_c(bus: Bus) -> None:
    environment = {
        "CASEBUS_KAFKA__BOOTSTRAP_SERVERS": bus.stack.bootstrap_servers,
        "CASEBUS_KAFKA__TOPIC_PREFIX": bus.topics.prefix,
        "CASEBUS_AGENCY": AGENCY,
    }
    first, second = step(NotificationState.PLANNED), step(NotificationState.SENT)
    tell(bus, encode(first))
    with RunningCasebus("outcomes", "--follow", "--json", **environment) as running:
        assert running.read_line() == encode(first) + b"\n"
        tell(bus, encode(second))
        assert running.read_line() == encode(second) + b"\n"
        running.interrupt()
        assert running.end().code != 0
