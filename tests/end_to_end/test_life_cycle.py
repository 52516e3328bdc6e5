"""Corrections, retractions and a merge, from the agency's SDK to the portal and the mailbox: all processes."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import httpx
import psycopg
import pytest
from tests.bus import Bus
from tests.notifier.mail_server import MailServer
from tests.streams_operations.commands import casebus

from casebus_local import LocalStack, fresh_database, wait_until
from casebus_local.ports import LOOPBACK, free_port
from casebus_local.processes import CasebusProcess
from casebus_producers import Case
from casebus_schemas import (
    CaseEvent,
    Citizen,
    Outcome,
    Rejection,
    Role,
    decode,
    encode_event,
    insz_of,
    party_ref,
)

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

AGENCY, OTHER_AGENCY = "OVO000001", "OVO000002"
AN, BEN, CARLA, DIRK = (insz_of(f"8507301{number:02}") for number in (1, 3, 5, 7))
OLD, NEW = insz_of("852730109"), insz_of("850730109")
PATIENCE_SECONDS = 60.0
NOTIFIER = {
    "CASEBUS_NOTIFIER__PORTAL_NAME": "Mijn overzicht",
    "CASEBUS_NOTIFIER__OVERVIEW_URL": "https://overzicht.example/",
    "CASEBUS_NOTIFIER__PREFERENCES_URL": "https://overzicht.example/berichten",
    "CASEBUS_NOTIFIER__SMTP__HOST": LOOPBACK,
    "CASEBUS_NOTIFIER__SMTP__TLS": "none",
    "CASEBUS_NOTIFIER__SMTP__SENDER_NAME": "Mijn overzicht",
    "CASEBUS_NOTIFIER__SMTP__SENDER_ADDRESS": "noreply@overzicht.example",
}


@dataclass
class World:
    """The running system, and what somebody in it can do."""

    bus: Bus
    mails: MailServer
    url: str
    notifier_dsn: str
    processes: list[CasebusProcess] = field(default_factory=list)

    def publish(self, *events: CaseEvent, topic_of: str = AGENCY) -> None:
        with self.bus.producer() as producer:
            for event in events:
                producer.produce(self.bus.topics.submitted(topic_of), encode_event(event), event.subject)

    def ref(self, number: str) -> str:
        return party_ref(self.bus.pepper, "citizen", number)

    def get(self, path: str, number: str) -> Any:
        headers = {"Authorization": f"Bearer {self.bus.stack.tokens.issue(number)}"}
        answer = httpx.get(self.url + path, headers=headers, timeout=20)
        answer.raise_for_status()
        return answer.json()

    def wants_mail(self, number: str, address: str) -> None:
        """Chooses mail at once, and waits until the notifier knows."""
        headers = {"Authorization": f"Bearer {self.bus.stack.tokens.issue(number)}"}
        at_once = {"email": address, "cadences": {"urgent": "immediate", "normal": "immediate"}}
        httpx.put(f"{self.url}/v1/preferences", headers=headers, json=at_once, timeout=20).raise_for_status()
        self.wait(lambda: (self.ref(number),) in self.rows("SELECT party_ref FROM notifier_preferences"), "wishes")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.notifier_dsn) as connection:
            return connection.execute(query.encode()).fetchall()

    def next_mail(self, address: str, count: int) -> EmailMessage:
        """Mail number ``count`` to ``address``; then ten minutes go by, so that the next is not gathered with it."""
        self.wait(lambda: len(self.mails_to(address)) >= count, f"mail {count} to {address}")
        self.wait(lambda: not self.rows("SELECT 1 FROM notifier_messages WHERE state = 'sending'"), "it is marked")
        self.rows("UPDATE notifier_mailboxes SET last_message_at = last_message_at - interval '10 minutes' RETURNING 1")
        return self.mails_to(address)[count - 1]

    def mails_to(self, address: str) -> list[EmailMessage]:
        return [mail for to, mail in self.mails.mails() if to == address]

    def wait(self, condition: Any, describe: str) -> None:
        def holds() -> bool:
            for process in self.processes:
                process.check()
            return bool(condition())

        wait_until(holds, timeout_seconds=PATIENCE_SECONDS, describe=describe)


@pytest.fixture(scope="module")
def world(stack: LocalStack) -> Iterator[World]:
    """Shared: every test has citizens of its own."""
    bus = Bus(stack, f"t{secrets.token_hex(4)}")
    bus.make_topics([AGENCY, OTHER_AGENCY])
    with (
        fresh_database(stack.dsn) as dsn,
        fresh_database(stack.dsn) as notifier_dsn,
        MailServer() as mails,
        running(bus, mails, dsn, notifier_dsn) as it,
    ):
        yield it


@contextmanager
def running(bus: Bus, mails: MailServer, dsn: str, notifier_dsn: str) -> Iterator[World]:
    port = free_port()
    profile = {
        "CASEBUS_DATABASE__DSN": dsn,
        "CASEBUS_PROFILE__PORT": str(port),
        "CASEBUS_PROFILE__OPERATIONS_PORT": str(free_port()),
    }
    notifier = {
        **NOTIFIER,
        "CASEBUS_DATABASE__DSN": notifier_dsn,
        "CASEBUS_NOTIFIER__OPERATIONS_PORT": str(free_port()),
        "CASEBUS_NOTIFIER__SMTP__PORT": str(mails.port),
    }
    with (
        bus.run_streams() as streams,
        bus.run("profile", **profile) as service,
        bus.run("notifier", **notifier) as sender,
    ):
        world = World(bus, mails, f"http://{LOOPBACK}:{port}", notifier_dsn, [streams, service, sender])
        world.wait(lambda: answers(world), "the profile service answers")
        world.wait(lambda: tables(world), "the notifier has its tables")
        yield world


def answers(world: World) -> bool:
    try:
        return world.get("/v1/overview", AN) is not None
    except httpx.HTTPError:
        return False


def tables(world: World) -> bool:
    return bool(world.rows("SELECT 1 FROM information_schema.tables WHERE table_name = 'notifier_sent'"))


def test_what_was_wrong_is_put_right_everywhere_and_taken_back_everywhere(world: World) -> None:
    case = Case(agency=AGENCY, case_id="HUUR-1", title="Huursubsidie", citizen=AN)
    world.wants_mail(AN, "an@example.org")
    world.publish(case.decided(Outcome.GRANTED, sequence=2))
    assert world.next_mail("an@example.org", 1)["Subject"] == "Nieuw dossier: Huursubsidie"

    refused = case.decided(Outcome.REFUSED, sequence=2)
    world.publish(case.corrected(2, refused, sequence=3, reason="Twee dossiers waren verwisseld."))
    mail = world.next_mail("an@example.org", 2)
    assert mail["Subject"] == "Rechtzetting: Huursubsidie"
    body = mail.get_body(("plain",))
    assert body is not None
    assert "Eerder stond hier: Goedgekeurd" in body.get_content()
    assert "Twee dossiers waren verwisseld." in body.get_content()

    # Corrected once more; and the correction of the first event comes before that event itself.
    partly = case.decided(Outcome.PARTIALLY_GRANTED, sequence=2)
    filed = case.received(sequence=1)
    world.publish(
        case.corrected(2, partly, sequence=5), case.corrected(1, filed, sequence=4), case.received(sequence=1)
    )
    assert world.next_mail("an@example.org", 3)["Subject"] == "Rechtzetting: Huursubsidie"
    path = f"/v1/cases/{AGENCY}/HUUR-1"
    world.wait(lambda: len(world.get(path, AN)["history"]) == 5, "all five events are shown")
    shown = world.get(path, AN)
    assert shown["content"]["result"]["outcome"] == "partially-granted"
    assert [(each["sequence"], each.get("superseded", False)) for each in shown["history"]] == [
        (1, True),
        (4, False),
        (2, True),
        (3, True),
        (5, False),
    ]

    world.publish(case.retracted(sequence=6))
    assert world.next_mail("an@example.org", 4)["Subject"] == "Een dossier is weggehaald uit uw overzicht"
    assert "content" not in world.get(path, AN)
    world.publish(case.in_progress(sequence=7))
    assert world.next_mail("an@example.org", 5)["Subject"] == "Nieuw dossier: Huursubsidie"
    world.wait(lambda: len(world.get("/v1/notifications", AN)["notifications"]) == 5, "she can read of all five")
    told = [each["cases"][0]["announced_as"] for each in world.get("/v1/notifications", AN)["notifications"]]
    assert told == ["case-added", "removed", "corrected", "corrected", "case-added"]


def test_only_the_agency_whose_case_it_is_can_correct_or_retract_it(world: World) -> None:
    case = Case(agency=AGENCY, case_id="OMV-1", title="Vergunning", citizen=BEN)
    stranger = Case(agency=OTHER_AGENCY, case_id="OMV-1", title="Iets anders", citizen=BEN)
    world.publish(case.in_progress(sequence=1))
    path = f"/v1/cases/{AGENCY}/OMV-1"
    world.wait(lambda: f"{AGENCY}/OMV-1" in world.get("/v1/overview", BEN)["cases"], "the case is shown")
    as_the_other = case.corrected(1, case.decided(Outcome.REFUSED, sequence=1), sequence=2)
    world.publish(as_the_other, case.retracted(sequence=3), topic_of=OTHER_AGENCY)
    world.publish(stranger.retracted(sequence=9), topic_of=OTHER_AGENCY)
    rejections = world.bus.reader(world.bus.topics.rejected(OTHER_AGENCY))
    refused = rejections.read_until(lambda read: len(read) >= 2, timeout_seconds=PATIENCE_SECONDS)
    rules = {reason.rule for message in refused for reason in decode(Rejection, message.value() or b"").reasons}
    rejections.close()
    assert rules == {"source.topic"}
    world.wait(lambda: f"{OTHER_AGENCY}/OMV-1" in world.get("/v1/overview", BEN)["cases"], "their own case is theirs")
    assert world.get(path, BEN)["content"]["title"] == {"nl": "Vergunning"}
    assert len(world.get(path, BEN)["history"]) == 1


def test_access_that_ends_for_one_party_ends_for_no_other(world: World) -> None:
    both = tuple(Citizen(number=number, role=Role.INVOLVED) for number in (CARLA, DIRK))
    case = Case(agency=AGENCY, case_id="ZAAK-1", title="Samen", parties=both)
    world.publish(case.in_progress(sequence=1))
    for number in (CARLA, DIRK):
        world.wait(lambda number=number: world.get("/v1/overview", number)["cases"], "both see it")
    world.publish(case.party_removed(both[1], sequence=2))
    path = f"/v1/cases/{AGENCY}/ZAAK-1"
    world.wait(lambda: "content" not in world.get(path, DIRK), "his access has ended")
    assert world.get(path, CARLA)["content"]["title"] == {"nl": "Samen"}


def test_a_merge_is_seen_under_both_numbers_and_told_to_nobody(world: World) -> None:
    old = Case(agency=AGENCY, case_id="BIS-1", title="Inschrijving", citizen=OLD)
    world.wants_mail(OLD, "old@example.org")
    world.publish(old.in_progress(sequence=1))
    assert world.next_mail("old@example.org", 1)["Subject"] == "Nieuw dossier: Inschrijving"
    world.wait(lambda: world.get("/v1/notifications", OLD)["notifications"], "it can be read of")
    for _ in range(2):  # the second run moves what was chosen
        with world.bus.command("merge", "--from", world.ref(OLD), "--to", world.ref(NEW), "--json") as run:
            run.wait_for_success(timeout_seconds=90)
    world.wait(lambda: world.get("/v1/overview", OLD)["party_ref"] == world.ref(NEW), "the old number leads to the new")
    for number in (OLD, NEW):
        assert world.get(f"/v1/cases/{AGENCY}/BIS-1", number)["content"]["title"] == {"nl": "Inschrijving"}
        assert len(world.get("/v1/notifications", number)["notifications"]) == 1
        assert world.get("/v1/preferences", number)["chosen"]["email"] == "old@example.org"
    known = "SELECT party_ref, is_told FROM notifier_cases WHERE case_id = 'BIS-1'"
    world.wait(lambda: world.rows(known) == [(world.ref(NEW), True)], "the case is known as told")
    chosen = "SELECT party_ref FROM notifier_preferences WHERE party_ref = ANY(ARRAY['{}', '{}'])"
    refs = (world.ref(OLD), world.ref(NEW))
    world.wait(lambda: world.rows(chosen.format(*refs)) == [(refs[1],)], "the wishes have moved")
    world.publish(old.decided(Outcome.GRANTED, sequence=2))
    mail = world.next_mail("old@example.org", 2)
    assert mail["Subject"] == "Beslissing over: Inschrijving", "what is sent for the old number is news to the new"
    assert len(world.mails_to("old@example.org")) == 2

    mails = len(world.mails.mails())
    rebuilt = casebus(world.bus, "rebuild", "--json")
    assert rebuilt.code == 0, rebuilt.err
    for number in (OLD, NEW):
        world.wait(
            lambda number=number: (
                (shown := world.get("/v1/overview", number))["epoch"] == 2 and shown["party_ref"] == world.ref(NEW)
            ),
            "the rebuilt overview is shown under both numbers",
        )
    assert world.get(f"/v1/cases/{AGENCY}/BIS-1", OLD)["content"]["result"]["outcome"] == "granted"
    assert len(world.mails.mails()) == mails, "a rebuild tells nobody anything"
