"""What an operator sees with an operator's credentials alone, and what an administrator's examination finds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition
from tests.security.conftest import A, B
from tests.security.secured_bus import SecuredBus, write

from casebus_local import LocalStack
from casebus_local.secured_services import let_service_in
from casebus_producers.operator_reports import Verdict
from casebus_streams.access.broker_access import BrokerAccess
from casebus_streams.access.grants import Operation, topic
from casebus_streams.access.services import OPERATORS
from casebus_streams.doctor.right_checks import right_findings
from casebus_streams.topic_admin import admin_client

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]


def as_operator(bus: SecuredBus, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "CASEBUS_KAFKA__BOOTSTRAP_SERVERS": bus.stack.bootstrap_servers,
        "CASEBUS_KAFKA__TOPIC_PREFIX": bus.topics.prefix,
        **let_service_in(bus.administrator, bus.secured, OPERATORS),
    }
    environment.pop("CASEBUS_DATABASE__DSN", None)
    command = [sys.executable, "-m", "casebus_producers.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=False)


def report(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(done.stdout)
    return parsed


@pytest.fixture(scope="module")
def looked_at(secured: LocalStack) -> SecuredBus:
    """A bus of its own, that a stage and a service have read from."""
    bus = SecuredBus(secured, "looked-at")
    bus.make_topics()
    assert write(bus.administrator, bus.topics.accepted) is None
    commit(bus, f"{bus.topics.prefix}.overviews", bus.topics.accepted)
    commit(bus, "casebus-profile", bus.topics.overviews)
    return bus


def commit(bus: SecuredBus, group: str, topic: str) -> None:
    consumer = Consumer(bus.administrator.client_config(group_id=group))
    consumer.commit(offsets=[TopicPartition(topic, 0, 0)], asynchronous=False)
    consumer.close()


def test_status_needs_no_more_than_an_operator_has(looked_at: SecuredBus) -> None:
    done = as_operator(looked_at, "status", "--json")
    assert done.returncode == 0, done.stderr
    shown = report(done)
    assert {line["name"] for line in shown["topics"]} >= {"accepted", "overviews", "dead-letters"}
    assert shown["dead_letters"] is not None
    assert shown["agencies"] is not None
    readers = {line["name"]: line["state"] for line in shown["readers"]}
    assert (readers["overviews"], readers["casebus-profile"]) == ("empty", "empty")
    assert shown["not_seen"] == []


def test_doctor_says_what_an_operator_may_not_see_and_goes_on(looked_at: SecuredBus) -> None:
    found = report(as_operator(looked_at, "doctor", "--json"))["findings"]
    unknown = {(each["area"], each["subject"]) for each in found if each["verdict"] == "unknown"}
    assert unknown >= {("brokers", "settings"), ("topics", "settings"), ("records", looked_at.topics.accepted)}
    assert ("records", looked_at.topics.dead_letters) not in unknown
    assert {each["area"] for each in found} >= {"rights", "clocks", "workers"}


def test_a_right_that_an_agency_lacks_or_has_too_much_is_found(bus: SecuredBus) -> None:
    admin = admin_client(bus.administrator)
    assert verdicts(bus, A, B) == {A: [Verdict.WELL], B: [Verdict.WELL]}

    BrokerAccess(admin).give("OVO000999", topic(bus.topics.accepted, Operation.READ))
    [lacks, has] = [each for each in right_findings(admin, bus.topics, ["OVO000999"]) if each.subject == "OVO000999"]
    assert (lacks.verdict, lacks.do) == (Verdict.PROBLEM, "casebus agencies add OVO000999")
    assert (has.verdict, bus.topics.accepted in has.says) == (Verdict.WARNING, True)
    BrokerAccess(admin).take_all("OVO000999")


def verdicts(bus: SecuredBus, *agencies: str) -> dict[str, list[Verdict]]:
    found: dict[str, list[Verdict]] = {}
    for each in right_findings(admin_client(bus.administrator), bus.topics, agencies):
        if each.subject in agencies:
            found.setdefault(each.subject, []).append(each.verdict)
    return found
