"""The audit log on a real Kafka: written before and after each act, by several at once, and verified without Kafka."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import Message
from tests.bus import Bus
from tests.streams_operations.commands import Ended, casebus
from typer.testing import CliRunner

from casebus_local import LocalStack
from casebus_producers.audit.act import Auditor, Why
from casebus_producers.audit.entries import link_of
from casebus_producers.audit.hash_chain import breaks
from casebus_producers.audit.log import AuditLog
from casebus_producers.audit.settings import AuditSection, AuditSettings
from casebus_producers.cli import build_app
from casebus_producers.errors import BrokerError
from casebus_schemas import ActState, AuditEntry, decode, insz_of
from casebus_streams.audit.verification import verify_lines

pytestmark = pytest.mark.integration

WHY = Why("asked by letter", "DPO-2026-17")


@pytest.fixture
def bus(stack: LocalStack, topic_prefix: str) -> Bus:
    made = Bus(stack, topic_prefix)
    made.make_topics([])
    return made


def settings_of(bus: Bus, **section: bool) -> AuditSettings:
    return AuditSettings(kafka=bus.kafka, audit=AuditSection.model_validate({"operator": "an@desk", **section}))


def entries(bus: Bus) -> list[AuditEntry]:
    return [decode(AuditEntry, line) for line in AuditLog(bus.kafka).lines()]


def faults(*lines: str) -> list[tuple[int, str]]:
    return [(each.sequence, each.fault.value) for each in verify_lines(map(str.encode, lines), {}).breaks]


def exported(bus: Bus, file: Path) -> Path:
    listed = casebus(bus, "audit", "list", "--json")
    assert listed.code == 0, listed.err
    file.write_bytes(listed.out)
    return file


def test_an_act_stands_in_the_log_before_it_is_done_and_how_it_ended_after(bus: Bus) -> None:
    with Auditor(settings_of(bus)).act("rebuild", WHY, {"topic": "t"}) as act:
        [begun] = entries(bus)
        act.came_of_it = {"switched": "true"}
    _, done = entries(bus)
    assert (begun.state, done.state, begun.act_id) == (ActState.BEGUN, ActState.DONE, done.act_id)
    assert (done.sequence, done.who, done.reason, done.ticket) == (2, "an@desk", *WHY)
    assert done.details == {"topic": "t", "switched": "true"}


def test_an_act_that_fails_is_said_to_have_failed(bus: Bus) -> None:
    auditor = Auditor(settings_of(bus))
    with pytest.raises(KeyboardInterrupt), auditor.act("rebuild", WHY):
        raise KeyboardInterrupt
    assert [(each.state, each.details) for each in entries(bus)] == [
        (ActState.BEGUN, {}),
        (ActState.FAILED, {"error": "KeyboardInterrupt"}),
    ]


def test_what_cannot_be_recorded_is_not_done(stack: LocalStack, topic_prefix: str) -> None:
    bus = Bus(stack, topic_prefix)  # without topics
    done = []
    with pytest.raises(BrokerError, match="topics apply"), Auditor(settings_of(bus)).act("rebuild", WHY):
        done.append("it")
    assert done == []


def test_unless_the_operator_keeps_the_line_by_hand(
    stack: LocalStack, topic_prefix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with Auditor(settings_of(Bus(stack, topic_prefix), required=False)).act("sink.reset", WHY):
        pass
    begun, done = (json.loads(line.partition("line: ")[2]) for line in capsys.readouterr().err.splitlines())
    assert (begun["state"], done["state"], done["ticket"]) == ("begun", "done", WHY.ticket)


def test_several_who_write_at_once_make_one_chain(bus: Bus) -> None:
    log, failures = AuditLog(bus.kafka), []

    def write(number: int) -> None:
        try:
            log.append(
                state=ActState.DONE, act="rebuild", act_id=uuid4(), at=datetime.now(UTC), who=f"operator {number}"
            )
        except BaseException as failure:
            failures.append(failure)

    writers = [threading.Thread(target=write, args=[number]) for number in range(4)]
    for each in writers:
        each.start()
    for each in writers:
        each.join(60)
    assert failures == []
    assert {each.who for each in entries(bus)} == {f"operator {number}" for number in range(4)}
    assert casebus(bus, "audit", "verify", "--json").report["holds"]


def test_verify_finds_what_was_done_to_an_export(bus: Bus, tmp_path: Path) -> None:
    for number in range(2):
        with Auditor(settings_of(bus)).act("agencies.add", WHY, {"agency": f"OVO00000{number}"}):
            pass
    file = exported(bus, tmp_path / "audit.ndjson")
    whole = casebus(bus, "audit", "verify", str(file), "--json")
    assert (whole.code, whole.report["entries"], whole.report["breaks"]) == (0, 4, [])
    head, lines = whole.report["head"], file.read_text().splitlines(keepends=True)

    a, b, c, d = lines
    assert faults(a, b.replace("OVO000000", "OVO000009"), c, d) == [(2, "changed")]
    assert faults(a, c, d) == [(3, "missing")]
    assert faults(a, c, b, d) == [(2, "reordered"), (3, "missing")]
    assert faults(a, b, "{}\n", d) == [(3, "unreadable"), (4, "missing")]
    file.write_text(a + b + c)
    cut = casebus(bus, "audit", "verify", str(file), "--anchor", head, "--json")
    assert (cut.code, cut.report["breaks"]) == (1, [{"sequence": 4, "fault": "cut"}])
    missing = casebus(bus, "audit", "verify", str(tmp_path / "absent"))
    assert (missing.code, missing.err.startswith("casebus: ")) == (2, True)


def test_a_line_that_somebody_wrote_into_the_topic_shows(bus: Bus) -> None:
    with Auditor(settings_of(bus)).act("rebuild", WHY):
        pass
    forged = entries(bus)[0].model_copy(update={"sequence": 3, "who": "somebody else"})
    with bus.producer() as producer:
        producer.produce(bus.topics.audit, forged.model_dump_json(exclude_none=True).encode())
    found = casebus(bus, "audit", "verify", "--json")
    assert (found.code, found.report["breaks"]) == (1, [{"sequence": 3, "fault": "changed"}])


def test_the_list_says_who_did_what_and_why(bus: Bus) -> None:
    with Auditor(settings_of(bus)).act("rebuild", WHY):
        pass
    with Auditor(settings_of(bus)).act("topics.apply", Why()):
        pass
    listed = casebus(bus, "audit", "list", "--ticket", WHY.ticket or "")
    shown = [line.split()[2:4] for line in listed.out.decode().splitlines()]
    assert shown == [["rebuild", "begun"], ["rebuild", "done"]]
    assert b"an@desk" in listed.out
    assert b"asked by letter" in listed.out


@pytest.mark.parametrize("option", ["--reason", "--ticket"])
def test_no_national_number_gets_into_the_log(option: str) -> None:
    number = insz_of("850730111")
    ended = CliRunner().invoke(build_app(), ["rebuild", option, number])
    assert ended.exit_code == 2
    assert number not in ended.output


def test_a_bus_may_ask_for_a_ticket(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEBUS_AUDIT__TICKET_REQUIRED", "true")
    ended = casebus(bus, "rebuild", "--reason", "the fold has changed")
    assert (ended.code, "--ticket" in ended.err) == (2, True)
    assert entries(bus) == []


ACTS: list[tuple[tuple[str, ...], str]] = [
    (("agencies", "add", "OVO000001", "--yes"), "agencies.add"),
    (("agencies", "disable", "OVO000001", "--yes"), "agencies.disable"),
    (("topics", "apply", "--agency", "OVO000002"), "topics.apply"),
    (("rebuild", "--abort"), "rebuild.abort"),
    (("rebuild", "--remove-old"), "rebuild.remove-old"),
    (("dead-letters", "replay", "0:0"), "dead-letters.replay"),
]


def test_every_act_of_an_operator_is_recorded(bus: Bus, tmp_path: Path) -> None:
    """Whether it succeeds or not, and with several operators at work at once."""

    def run(command: tuple[str, ...]) -> Ended:
        why = "--because" if command[0] == "dead-letters" else "--reason"
        directory = ("--directory", str(tmp_path)) if command[1] == "add" else ()
        return casebus(bus, *command, *directory, why, "a test", "--ticket", "T-1")

    with ThreadPoolExecutor(3) as pool:
        ended = list(pool.map(run, [command for command, _ in ACTS]))
    found = entries(bus)
    assert {each.act for each in found} == {act for _, act in ACTS}, [each.err for each in ended]
    assert {(each.reason, each.ticket) for each in found} == {("a test", "T-1")}
    assert list(breaks(map(link_of, found))) == []


def test_the_topic_is_kept_for_ever(bus: Bus) -> None:
    audit = bus.reader(bus.topics.audit)
    with Auditor(settings_of(bus)).act("rebuild", WHY):
        pass

    def has_two(read: list[Message]) -> bool:
        return len(read) == 2

    assert [message.key() for message in audit.read_until(has_two)] == [b"1", b"2"]
    audit.close()
