"""``casebus run notifier`` on the real Kafka and PostgreSQL, with a real mail server."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter

import pytest
from tests.notifier.mail_server import Fault, MailServer
from tests.notifier.notifier_bus import NotifierBus
from tests.notifier.worlds import AGENCY, change, content, ref, wishes

from casebus_consumers.notifier.composition import MIGRATED_PACKAGES
from casebus_consumers.notifier.notice import notice_id
from casebus_consumers.notifier.sender import AT_ONCE
from casebus_consumers.sink import apply_migrations
from casebus_local import LocalStack, fresh_database, wait_until
from casebus_local.child_process import ChildProcess
from casebus_schemas import Cadence, Cadences, Change, ChangeKind, ChannelKind, NotificationState

pytestmark = pytest.mark.integration
PATIENCE_SECONDS = 40.0
IMMEDIATE = Cadences(urgent=Cadence.IMMEDIATE, normal=Cadence.IMMEDIATE)


SLOWEST_PER_SECOND = 50.0
"""Plans and mails of a process on a busy machine: what waits for many of them waits longer."""


def wait_for_mails(server: MailServer, count: int, *processes: ChildProcess) -> None:
    """Until so many different messages were accepted; a process that ends early ends the wait."""
    patience = PATIENCE_SECONDS + (count - len(server.message_ids())) / SLOWEST_PER_SECOND

    def are_there() -> bool:
        for process in processes:
            process.check()
        return len(server.message_ids()) >= count

    wait_until(are_there, timeout_seconds=patience, describe=f"{count} mails")


def wait_for_states(bus: NotifierBus, expected: dict[str, int]) -> None:
    wait_until(lambda: bus.states() == expected, timeout_seconds=PATIENCE_SECONDS, describe=f"notices: {expected}")


def wait_until_planned(bus: NotifierBus, records: int) -> None:
    """Until the stored offsets are past so many changes."""

    def planned() -> bool:
        rows = bus.rows("SELECT sum(next_offset) FROM sink_offsets WHERE topic = %s", bus.bus.topics.changes)
        return (rows[0][0] or 0) >= records

    wait_until(planned, timeout_seconds=PATIENCE_SECONDS, describe=f"{records} changes are planned")


def first_words(count: int) -> list[Change]:
    """A new case for each of so many parties."""
    return [change(content(title=f"Premie {party}"), kind=ChangeKind.CASE_ADDED, party=party) for party in range(count)]


def mail_id(told: Change) -> str:
    return f"<{notice_id(told.change_id, ChannelKind.EMAIL)}@overzicht.example>"


def test_a_change_becomes_a_mail_and_the_agency_is_told(notifier_bus: NotifierBus, mail_server: MailServer) -> None:
    notifier_bus.want(wishes(cadences=IMMEDIATE))
    told = change(content(title="Premie"), kind=ChangeKind.CASE_ADDED)
    notifier_bus.change(told)
    with notifier_bus.notifier(mail_server.port) as process:
        wait_for_mails(mail_server, 1, process)
        outcomes = notifier_bus.outcomes(AGENCY, at_least=2)
    ((to, mail),) = mail_server.mails()
    assert to == "an@example.org"
    assert mail["Subject"] == "Nieuw dossier: Premie"
    assert mail["Message-ID"] == mail_id(told)
    assert [outcome.state for outcome in outcomes] == [NotificationState.PLANNED, NotificationState.SENT]
    assert {(outcome.case_id, outcome.event_id, outcome.sequence) for outcome in outcomes} == {("case-1", "e1", 1)}
    assert ref() not in mail.as_string()


def test_no_fault_of_the_mail_server_loses_a_mail_or_repeats_one_that_it_knew_of(
    notifier_bus: NotifierBus, mail_server: MailServer
) -> None:
    chance = random.Random(20261125)
    told = first_words(120)
    notifier_bus.want(*(wishes(party=party, cadences=IMMEDIATE) for party in range(len(told))))
    faults = [Fault.BUSY, Fault.CLOSING, Fault.GONE_BEFORE, Fault.GONE_AFTER, *[Fault.NONE] * 8]
    mail_server.faults.extend([Fault.SILENT_BEFORE, Fault.SILENT_AFTER, *chance.choices(faults, k=100)])
    in_doubt = sum(fault in (Fault.GONE_AFTER, Fault.SILENT_AFTER) for fault in mail_server.faults)
    notifier_bus.change(*told)
    with notifier_bus.notifier(mail_server.port) as process:
        wait_for_mails(mail_server, len(told), process)
        wait_for_states(notifier_bus, {"sent": len(told)})
    assert "provider_down" in process.log_path.read_text()
    assert "example.org" not in process.log_path.read_text(), "an address in the log"
    assert set(mail_server.message_ids()) == {mail_id(each) for each in told}
    assert mail_server.message_ids().total() == len(told) + in_doubt


def test_kills_of_planner_and_senders_lose_nothing(notifier_bus: NotifierBus, mail_server: MailServer) -> None:
    kill_campaign(notifier_bus, mail_server, changes=400, rounds=4)


@pytest.mark.campaign
@pytest.mark.timeout(900)
def test_kills_of_planner_and_senders_lose_nothing_of_very_much(
    notifier_bus: NotifierBus, mail_server: MailServer
) -> None:
    kill_campaign(notifier_bus, mail_server, changes=100_000, rounds=7)


def kill_campaign(bus: NotifierBus, server: MailServer, *, changes: int, rounds: int) -> None:
    """Publish in portions; in each, SIGKILL the planner and both senders at once, somewhere in their work.

    The server accepts what it has had before, and counts: what is there once by its id is what a receiver has that
    honours the id, and the rest is what one gets twice that does not.
    """
    chance, began = random.Random(7), time.monotonic()
    told = first_words(changes)
    bus.want(*(wishes(party=party, cadences=IMMEDIATE) for party in range(changes)))
    portion = -(-changes // rounds)
    waits = {"CASEBUS_NOTIFIER__LEASE_SECONDS": "6"}  # of each round: what a dead sender had taken
    for start in range(0, changes, portion):
        bus.change(*told[start : start + portion])
        with (
            bus.notifier(server.port, "--no-send", **waits) as planner,
            bus.notifier(server.port, "--no-plan", **waits) as first,
            bus.notifier(server.port, "--no-plan", **waits) as second,
        ):
            enough = min(start + chance.randrange(1, portion), changes - 1)
            wait_for_mails(server, enough, planner, first, second)
    with (
        bus.notifier(server.port, "--no-send", **waits) as planner,
        bus.notifier(server.port, "--no-plan", **waits) as sender,
    ):
        wait_for_mails(server, changes, planner, sender)
        wait_for_states(bus, {"sent": changes})
        wait_until_empty(bus, "notifier_sent")
    accepted = server.message_ids()
    repeated = accepted.total() - len(accepted)
    seconds = time.monotonic() - began
    sys.stdout.write(
        f"{changes} changes, {3 * rounds} processes killed: {repeated} mails repeated, {seconds:.0f} s in all\n"
    )
    assert set(accepted) == {mail_id(each) for each in told}, "each once, by its id"
    assert max(accepted.values()) <= 1 + 2 * rounds
    assert repeated <= 2 * rounds * AT_ONCE, "no more than were under way"
    sent = bus.notifications(at_least=changes)
    assert Counter(each.notification_id for each in sent) == Counter(
        notice_id(each.change_id, ChannelKind.EMAIL) for each in told
    ), "each party can read of each message, once"


def test_reading_all_changes_again_sends_nothing(
    notifier_bus: NotifierBus, mail_server: MailServer, stack: LocalStack
) -> None:
    told = first_words(40)
    notifier_bus.want(*(wishes(party=party, cadences=IMMEDIATE) for party in range(len(told))))
    notifier_bus.change(*told)
    with notifier_bus.notifier(mail_server.port) as process:
        wait_for_mails(mail_server, len(told), process)
        wait_for_states(notifier_bus, {"sent": len(told)})
    notifier_bus.rows("DELETE FROM sink_offsets RETURNING 1")
    with notifier_bus.notifier(mail_server.port):
        wait_until_planned(notifier_bus, len(told))
    assert notifier_bus.states() == {"sent": len(told)}
    with fresh_database(stack.dsn) as dsn:
        apply_migrations(dsn, *MIGRATED_PACKAGES)
        notifier_bus.dsn = dsn
        with notifier_bus.notifier(mail_server.port):
            wait_until_planned(notifier_bus, len(told))
        assert notifier_bus.states() == {}, "a new database tells nothing of what was before it"
    assert mail_server.message_ids().total() == len(told)


def test_a_refused_mail_has_failed_visibly_and_can_be_tried_again(
    notifier_bus: NotifierBus, mail_server: MailServer
) -> None:
    mail_server.faults.append(Fault.REFUSED)
    notifier_bus.want(wishes(cadences=IMMEDIATE))
    notifier_bus.change(change(content()))
    with notifier_bus.notifier(mail_server.port) as process:
        wait_for_states(notifier_bus, {"failed": 1})
        (listed,) = json.loads(command(notifier_bus, "list", "--json"))
        assert (listed["reason"], listed["cases"]) == ("smtp-550", [f"{AGENCY} case-1"])
        assert command(notifier_bus, "retry", listed["id"]) == "1 to be tried again\n"
        wait_for_mails(mail_server, 1, process)
        outcomes = notifier_bus.outcomes(AGENCY, at_least=3)
    assert [str(outcome.state) for outcome in outcomes] == ["planned", "failed", "sent"]
    assert outcomes[1].reason == "smtp-550"
    assert command(notifier_bus, "retry", "--all", exit_code=1) == "0 to be tried again\n"


def test_a_party_that_is_forgotten_leaves_nothing(notifier_bus: NotifierBus, mail_server: MailServer) -> None:
    notifier_bus.want(wishes(cadences=IMMEDIATE), wishes(party=1))
    notifier_bus.change(change(content()), change(content(), party=1))
    with notifier_bus.notifier(mail_server.port) as process:
        wait_for_mails(mail_server, 1, process)
        wait_for_states(notifier_bus, {"sent": 1, "pending": 1})
        notifier_bus.forget(ref(0))
        notifier_bus.forget(ref(1))
        for table in ("preferences", "notices", "messages", "mailboxes", "cases"):
            wait_until_empty(notifier_bus, f"notifier_{table}")


def wait_until_empty(bus: NotifierBus, table: str) -> None:
    query = f"SELECT 1 FROM {table}"  # noqa: S608 - a name of ours
    wait_until(lambda: not bus.rows(query), timeout_seconds=PATIENCE_SECONDS, describe=f"no row in {table}")


def command(bus: NotifierBus, *arguments: str, exit_code: int = 0) -> str:
    """What ``casebus notifications`` says."""
    answer = subprocess.run(
        [sys.executable, "-m", "casebus_producers.cli", "notifications", *arguments],
        env={
            "CASEBUS_DATABASE__DSN": bus.dsn,
            "CASEBUS_KAFKA__BOOTSTRAP_SERVERS": bus.bus.kafka.bootstrap_servers,
            "CASEBUS_KAFKA__TOPIC_PREFIX": bus.bus.topics.prefix,
            "PATH": "",
        },
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert answer.returncode == exit_code
    return answer.stdout
