"""One trace from an agency's publishing to the citizen's mail: through every topic, the logs and the mail's head."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.bus import Bus
from tests.notifier.mail_server import MailServer
from tests.notifier.notifier_bus import NotifierBus
from tests.notifier.test_channels import HookReceiver, a_message, hook_receiver, send
from tests.notifier.test_notifier_service import IMMEDIATE, wait_for_mails
from tests.notifier.worlds import AGENCY, wishes

from casebus_local import LocalStack
from casebus_producers import AgencySettings, Case, CaseStatusProducer
from casebus_schemas import party_ref
from casebus_streams.dead_letters import dead_letter
from casebus_streams.event_trace import event_trace
from casebus_streams.records import InRecord

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
CITIZEN = "85073003328"


@pytest.mark.integration
@pytest.mark.timeout(180)
def test_the_agency_s_trace_is_in_accepted_in_changes_and_in_the_mail(
    stack: LocalStack, topic_prefix: str, database: str
) -> None:
    notifier_bus = NotifierBus(stack, topic_prefix, database)
    bus: Bus = notifier_bus.bus
    party = party_ref(bus.pepper, "citizen", CITIZEN)
    notifier_bus.want(wishes(cadences=IMMEDIATE).model_copy(update={"party_ref": party}))
    case = Case(agency=AGENCY, case_id="2026-1", title="Premie", citizen=CITIZEN)
    settings = AgencySettings(kafka=bus.kafka)
    with CaseStatusProducer(settings, agency=AGENCY, current_traceparent=lambda: TRACE) as producer:
        producer.publish(case.received(sequence=1))
    with MailServer() as mail_server, bus.run_streams() as streams, notifier_bus.notifier(mail_server.port) as notifier:
        wait_for_mails(mail_server, 1, streams, notifier)
        [(_, mail)] = mail_server.mails()
        for topic in (bus.topics.accepted, bus.topics.changes):
            [record] = bus.reader(topic).read_until(lambda read: len(read) == 1, alive=streams.check)
            assert json.loads(record.value() or b"")["traceparent"] == TRACE
    assert mail["Traceparent"] == TRACE


def test_a_webhook_call_names_the_trace_and_one_without_a_trace_names_none(tmp_path: Path) -> None:
    traced, untraced = replace(a_message(1), traceparent=TRACE), a_message(2)
    with hook_receiver(tmp_path) as receiver:
        assert isinstance(receiver, HookReceiver)
        assert send(receiver, traced, untraced) == [None, None]
        assert [headers.get("traceparent") for headers, _ in receiver.calls] == [TRACE, None]


def test_a_dead_letter_s_log_line_names_event_trace_and_position() -> None:
    value = json.dumps({"event_id": "e-1", "traceparent": TRACE, "party_ref": 1}).encode()
    record = InRecord("case-status.accepted", 3, 12, b"key", value, 0)
    with capture_logs() as lines:
        dead_letter("case-status.dead-letters", record, stage="overviews", reason="x", error="y", with_original=True)
    [line] = lines
    assert (line["event_id"], line["traceparent"]) == ("e-1", TRACE)
    assert (line["topic"], line["partition"], line["offset"]) == ("case-status.accepted", 3, 12)


@pytest.mark.parametrize(
    "value",
    [None, b"", b"[]", b"\xff", b'{"id": 1, "traceparent": "not one"}', b'{"id": "' + b"x" * 200 + b'"}'],
)
def test_what_is_not_in_its_form_is_not_logged(value: bytes | None) -> None:
    assert event_trace(value) == {}


def test_a_submitted_event_s_id_is_named_too() -> None:
    assert event_trace(b'{"id": "e-2", "source": "urn:x"}') == {"event_id": "e-2"}
