"""SIGTERM to every process in the midst of its work: each ends in order in time, and nothing is lost or comes twice."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import pytest
from tests.bus import Bus
from tests.notifier.holding_mail_server import HoldingMailServer
from tests.notifier.mail_server import Fault, MailServer
from tests.notifier.notifier_bus import NotifierBus
from tests.notifier.test_notifier_service import IMMEDIATE, first_words, mail_id, wait_for_mails, wait_for_states
from tests.notifier.worlds import AGENCY, wishes
from tests.operations.probes import READY, Probes
from tests.operations.whole_bus import WholeBus, wait_until_stored
from tests.producers.cases import AGENCY as OUTBOX_AGENCY
from tests.producers.cases import cases
from tests.producers.command import RunningCasebus, casebus
from tests.producers.outboxes import TestOutbox
from tests.streams_operations.load import Load

from casebus_local import LocalStack, wait_until
from casebus_local.ports import free_port
from casebus_schemas import Change, decode_event

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

DRAIN_SECONDS = 30
NOT_READY = 503
RETENTION = {"CASEBUS_STREAMS__RETENTION__DEFAULT__OVERVIEW_AFTER_CLOSED": "P36500D"}
"""Nothing is ever past it; but the stage has its clock to write."""


def test_every_process_drains_in_time_and_all_is_there_once_after_the_next_start(bus: Bus, database: str) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - pytest shows it when the test fails
    changes = None
    with Load(bus, events=1_200, first=400, seed=seed, per_second=100) as load:
        with WholeBus(bus, database, **RETENTION) as running:
            changes = bus.reader(bus.topics.changes)
            changes.read_until(lambda read: len(read) >= 100, alive=running.processes["streams"].check)
            assert running.stop(within_seconds=DRAIN_SECONDS) == {"streams": 0, "sources": 0, "profile": 0}
        load.finish()
        with WholeBus(bus, database, **RETENTION) as running:
            reference = load.reference
            changes.read_until(
                lambda read: len(read) >= len(reference.changes), alive=running.processes["streams"].check
            )
            wait_until_stored(database, {party: view["version"] for party, view in reference.overviews.items()})
            changes.read_more(0.5)
    told = [json.loads(message.value() or b"")["change_id"] for message in changes.messages]
    assert len(told) == len(set(told))
    assert set(told) == set(reference.changes)


@pytest.fixture
def notifier_bus(stack: LocalStack, topic_prefix: str, database: str) -> NotifierBus:
    return NotifierBus(stack, topic_prefix, database)


def test_a_notifier_waits_for_the_mails_in_the_server_s_hands_and_the_next_one_sends_the_others_once(
    notifier_bus: NotifierBus,
) -> None:
    told, port = to_be_told(notifier_bus, parties=150), free_port()
    settings = {"CASEBUS_NOTIFIER__LEASE_SECONDS": "90", "CASEBUS_NOTIFIER__OPERATIONS_PORT": str(port)}
    with HoldingMailServer(at_once=50, hold_seconds=DRAIN_SECONDS) as server:
        with notifier_bus.notifier(server.port, **settings) as process:
            wait_until(lambda: server.is_holding, timeout_seconds=60, describe="mails are in the server's hands")
            process.terminate()
            wait_until(
                lambda: "stop_requested" in process.log_path.read_text(), timeout_seconds=30, describe="it has heard"
            )
            probes = Probes(process, port)
            assert not probes.wait_for(NOT_READY)["changes"]
            assert probes.get("/livez") == (READY, {"event_loop": True})
            server.release()
            assert process.wait(DRAIN_SECONDS) == 0
        assert 50 < len(server.message_ids()) < len(told)
        with notifier_bus.notifier(server.port) as process:
            wait_for_mails(server, len(told), process)
            wait_for_states(notifier_bus, {"sent": len(told)})
            outcomes = notifier_bus.outcomes(AGENCY, at_least=2 * len(told))
    assert server.message_ids() == Counter(mail_id(each) for each in told), "each once, also by count"
    assert set(Counter((outcome.notification_id, outcome.state) for outcome in outcomes).values()) == {1}


@pytest.mark.campaign
def test_a_notifier_ends_in_time_although_the_mail_server_never_answers(notifier_bus: NotifierBus) -> None:
    told = to_be_told(notifier_bus, parties=40)
    with MailServer([Fault.NONE] * 10 + [Fault.SILENT_AFTER] * 16) as server:
        with notifier_bus.notifier(server.port, CASEBUS_NOTIFIER__LEASE_SECONDS="90") as process:
            wait_for_mails(server, 26, process)
            process.terminate()
            assert process.wait(DRAIN_SECONDS) == 0
        server.faults.clear()
        with notifier_bus.notifier(server.port) as process:
            wait_until(
                lambda: notifier_bus.states() == {"sent": len(told)}, timeout_seconds=120, describe="leases have ended"
            )
    accepted = server.message_ids()
    assert set(accepted) == {mail_id(each) for each in told}, "each once at a receiver that honours the id"
    assert accepted.total() <= len(told) + 16, "only what was in doubt comes again"


def to_be_told(bus: NotifierBus, *, parties: int) -> list[Change]:
    """One change for each party, all of whom want a mail at once."""
    told = first_words(parties)
    bus.want(*(wishes(party=party, cadences=IMMEDIATE) for party in range(parties)))
    bus.change(*told)
    return told


def test_an_outbox_relay_settles_what_it_has_sent_and_the_next_one_sends_the_others(bus: Bus, tmp_path: Path) -> None:
    bus.make_topics([OUTBOX_AGENCY])
    outbox = TestOutbox(f"sqlite:///{tmp_path / 'agency.db'}")
    environment = {
        "CASEBUS_KAFKA__BOOTSTRAP_SERVERS": bus.kafka.bootstrap_servers,
        "CASEBUS_KAFKA__TOPIC_PREFIX": bus.topics.prefix,
        "CASEBUS_AGENCY": OUTBOX_AGENCY,
        "CASEBUS_OUTBOX__DATABASE": outbox.address,
        "CASEBUS_OUTBOX__BATCH_EVENTS": "40",
    }
    assert casebus("outbox", "init", stdin=b"", **environment).code == 0
    events = cases(40, 4)
    outbox.add(events)
    submitted = bus.reader(bus.topics.submitted(OUTBOX_AGENCY))
    with RunningCasebus("outbox", "relay", **environment) as relay:
        submitted.read_until(lambda read: len(read) >= 40)
        relay.terminate()
        ended = relay.end()
    assert ended.code == 0, ended.err
    assert 0 < len(outbox.ids()) < len(events)
    assert casebus("outbox", "relay", "--once", stdin=b"", **environment).code == 0
    arrived = [decode_event(message.value() or b"").id for message in submitted.read_to_end()]
    assert Counter(arrived) == Counter(event.id for event in events)
