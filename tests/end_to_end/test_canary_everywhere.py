"""Somebody's number, name, address and telephone go through every flow, and are then looked for in all that is kept.

Every topic, table, log, metric, mail, page, answer, file and command's output is a *place*. Each canary has the places
that are meant for it; it must be in some of those, else nothing was tried, and in no other.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from html import unescape
from pathlib import Path
from typing import Final

import httpx
import psycopg
import pytest
from psycopg import sql
from tests.erasure.world import AGENCY, World, services, world_of

from casebus_local import LocalStack
from casebus_producers.builders import Case
from casebus_schemas import Citizen, Contact, Role, encode_event, insz_of
from casebus_streams.erasure.broker_topics import bus_topics
from casebus_streams.erasure.holdings import everywhere
from casebus_streams.erasure.topic_scan import every_record

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

OLD, NUMBER, OTHER = insz_of("850730401"), insz_of("850730402"), insz_of("850730403")
CONTACT_NAME, CONTACT_PHONE, CONTACT_MAIL = "Canaria Vogelaar", "+32 2 555 04 04", "loket.vogelaar@stad.example"
CITIZEN_MAIL, FAMILY_NAME = "burger.canaria@mail.example", "Peeters"
TITLE = "Aanvraag kanariekweek"

PLACES_OF_A_CASE: Final = frozenset(
    [
        *("topic submitted", "rejected originals", "topic accepted", "topic overviews", "topic changes"),
        *("table overviews", "table notifier_cases", "api", "page", "tail with --json"),
    ]
)
PLACES_OF_A_PSEUDONYM: Final = frozenset(
    [
        *("topic accepted", "topic overviews", "topic changes", "topic preferences", "topic notifications"),
        *("table overviews", "table access_log", "table preferences", "table seen_cases", "table sessions"),
        *("table notifications", "table notifier_cases", "table notifier_mailboxes", "table notifier_messages"),
        *("table notifier_notices", "table notifier_preferences", "table notifier_outbox", "table aliases"),
        *("api", "page", "tail", "tail with --json", "command merge"),
    ]
)
PLACES: Final[dict[str, frozenset[str]]] = {
    "number": frozenset(["topic submitted", "rejected originals"]),
    "contact": PLACES_OF_A_CASE,
    "title": PLACES_OF_A_CASE | {"mail", "table notifier_messages", "command conformance"},
    "address": frozenset(
        ["topic preferences", "table preferences", "table notifier_preferences", "mail", "api", "page"]
    ),
    "name": frozenset(["table sessions", "page"]),
    "pseudonym": PLACES_OF_A_PSEUDONYM,
}


EVENTS_FILE: Final = "events.ndjson"
ORIGINAL: Final = re.compile(rb'"original":"([^"]*)"')


def forms_of(text: str) -> set[bytes]:
    """``text`` as it is, in URLs, in hexadecimal and in base64 at each alignment."""
    plain = text.encode()
    encoded = {base64.b64encode(b"\0" * shift + plain)[4 if shift else 0 : -4] for shift in range(3)}
    return {plain, str(httpx.QueryParams(a=text))[2:].encode(), plain.hex().encode(), *encoded}


def forms_of_number(number: str) -> set[bytes]:
    """Also as people write it."""
    parts = (number[:2], number[2:4], number[4:6], number[6:9], number[9:])
    written = {"{}.{}.{}-{}.{}", "{}.{}.{} {}.{}", "{} {} {} {} {}", "{}{}{}-{}-{}", "{}{}{} {} {}"}
    return forms_of(number) | {form.format(*parts).encode() for form in written}


def canaries(world: World) -> dict[str, set[bytes]]:
    pseudonyms = [form for number in (OLD, NUMBER) for form in forms_of(world.ref(number))]
    return {
        "number": forms_of_number(NUMBER) | forms_of_number(OLD),
        "contact": forms_of(CONTACT_NAME) | forms_of(CONTACT_PHONE) | forms_of(CONTACT_MAIL),
        "title": forms_of(TITLE),
        "address": forms_of(CITIZEN_MAIL),
        "name": forms_of(FAMILY_NAME),
        "pseudonym": set(pseudonyms),
    }


class Said:
    """What was found in each place."""

    def __init__(self) -> None:
        self.places: dict[str, bytes] = {}

    def add(self, place: str, *texts: bytes) -> None:
        self.places[place] = b"\n".join([self.places.get(place, b""), *texts])

    def answer(self, place: str, answer: httpx.Response) -> httpx.Response:
        """Body and headers, and the address of whatever it redirects to."""
        self.add(place, answer.content)
        self.add("http headers", str(answer.headers).encode())
        return answer


def agency_acts(world: World, said: Said) -> None:
    """Every move of a case, through the SDK's builders and the command line, good and bad."""
    contact = Contact(name=CONTACT_NAME, phone=CONTACT_PHONE, email=CONTACT_MAIL)
    both = tuple(Citizen(number=number, role=Role.APPLICANT) for number in (NUMBER, OTHER))
    case = Case(agency=AGENCY, case_id="c-1", title=TITLE, parties=both, contact=contact)
    mistaken = Case(agency=AGENCY, case_id="c-2", title=TITLE, citizen=NUMBER, contact=contact)
    old = Case(agency=AGENCY, case_id="c-3", title=TITLE, citizen=OLD, contact=contact)
    events = [
        case.received(sequence=1),
        case.action_needed("Bezorg ons een plan", sequence=2),
        case.corrected(2, case.in_progress(sequence=2), sequence=3, reason="Verkeerd overgenomen"),
        case.party_removed(both[1], sequence=4, reason="Geen partij meer"),
        case.in_progress(sequence=5),
        mistaken.received(sequence=1),
        mistaken.retracted(sequence=2),
        old.received(sequence=1),
    ]
    file = world.directory / EVENTS_FILE
    good = b"\n".join(encode_event(event) for event in events)
    leaking = encode_event(case.received(sequence=6)).replace(TITLE.encode(), f"{TITLE} {NUMBER}".encode())
    escaped = encode_event(case.received(sequence=7)).replace(NUMBER.encode(), b"\\u0038" + NUMBER[1:].encode() + b"x")
    file.write_bytes(good + b"\n" + leaking + b"\n" + escaped + b"\n{" + NUMBER.encode() + b"\n")
    commands = (("validate", str(file)), ("publish", str(file), "--agency", AGENCY), ("conformance", str(file)))
    with ThreadPoolExecutor(3) as pool:
        for arguments, ended in zip(commands, pool.map(lambda each: world.casebus(*each), commands), strict=True):
            said.add(f"command {arguments[0]}", ended.out, ended.err.encode())
    with world.bus.producer() as producer:
        for value in (leaking, escaped, b"{" + NUMBER.encode(), NUMBER.encode()):
            producer.produce(world.bus.topics.submitted(AGENCY), value, b"c-1")
        producer.produce(world.bus.topics.submitted(AGENCY), encode_event(events[0]), NUMBER.encode())


def citizen_acts(world: World, said: Said) -> None:
    """The API with good and bad tokens, the page with a login; wishes, so that a mail goes out."""
    wishes = {"language": "nl", "email": CITIZEN_MAIL, "cadences": {"urgent": "immediate", "normal": "immediate"}}
    said.add("api", json.dumps(world.api("PUT", "/v1/preferences", NUMBER, wishes)).encode())
    token = world.stack.tokens.issue(NUMBER)
    bad = (f"{token}x", NUMBER, world.stack.tokens.issue(NUMBER, lifetime_seconds=-60))
    with httpx.Client(base_url=world.url, timeout=20) as client:
        for path in ("overview", "cases", f"cases/{AGENCY}/c-1", "preferences", "access-log", "export", "sources"):
            said.answer("api", client.get(f"/v1/{path}", headers={"Authorization": f"Bearer {token}"}))
        for wrong in bad:
            said.answer("error body", client.get("/v1/overview", headers={"Authorization": f"Bearer {wrong}"}))
        for path in (f"/v1/cases/{AGENCY}/{NUMBER}", f"/v1/{NUMBER}", f"/v1/cases?agency={NUMBER}"):
            said.answer("error body", client.get(path, headers={"Authorization": f"Bearer {token}"}))
        said.answer("error body", client.put("/v1/preferences", content=NUMBER.encode()))
    with httpx.Client(base_url=world.url, timeout=20, headers={"accept": "text/html"}) as client:
        begun = client.get("/login")
        chooser = httpx.get(begun.headers["location"], timeout=20)
        link = re.search(r'id="emma" href="([^"]+)"', chooser.text)
        assert link is not None
        callback = httpx.get(str(chooser.url.join(unescape(link[1]))), timeout=20).headers["location"]
        said.answer("page", client.get(callback))
        for path in ("/", f"/cases/{AGENCY}/c-1", "/preferences", "/access", "/notifications", "/export", "/nothing"):
            said.answer("page", client.get(path, follow_redirects=True))
        said.add("cookies", *(str(cookie.value).encode() for cookie in client.cookies.jar))


def operator_looks(world: World, said: Said) -> None:
    """Every command that looks, several at a time."""
    databases = world.databases()
    commands = (
        ("tail", ("tail", "accepted"), ""),
        ("tail with --json", ("tail", "changes", "--json"), ""),
        ("command verify", ("verify", "--json"), ""),
        ("command status", ("status", "--once", *databases), ""),
        ("command doctor", ("doctor", *databases), ""),
        ("command dead-letters", ("dead-letters", "list", "--json"), ""),
        ("command notifications", ("notifications", "list", "--state", "sending", "--json"), ""),
        ("command sink", ("sink", "status", "--json"), ""),
        ("command rejections", ("rejections", "--agency", AGENCY), ""),
        ("command outcomes", ("outcomes", "--agency", AGENCY, "--json"), ""),
        ("command erase, a dry run", ("erase", *databases), NUMBER),
        ("command erase --check", ("erase", "--check", *databases), NUMBER),
    )
    with ThreadPoolExecutor(3) as pool:
        for (place, _, _), ended in zip(
            commands, pool.map(lambda each: world.casebus(*each[1], number=each[2]), commands), strict=True
        ):
            assert "Traceback" not in ended.err, (place, ended.err)
            said.add(place, ended.out, ended.err.encode())


def operator_merges(world: World, said: Said) -> None:
    """A BIS number becomes a national number."""
    why = ("--reason", "a test", "--ticket", "T-1")
    ended = world.casebus("merge", "--numbers", *why, number=f"{OLD}\n{NUMBER}\n")
    assert ended.code == 0, ended.err
    said.add("command merge", ended.out, ended.err.encode())


def erase(world: World, said: Said) -> None:
    ended = world.erase(NUMBER)
    assert ended.code == 0, ended.err
    said.add("command erase", ended.out, ended.err.encode())
    said.add("command audit", world.casebus("audit", "list", "--json").out)
    said.add("receipt", (world.directory / "receipt.json").read_bytes())


def look_around(world: World, said: Said) -> None:
    """Whatever lies around: metrics and health, mails, tables, topics, the names of everything in Kafka, logs."""
    for name, address in world.metrics.items():
        for path in ("metrics", "readyz", "livez"):
            said.add(f"{path} of {name}", httpx.get(f"{address}/{path}", timeout=20).content)
    for mail in (world.directory / "mails").glob("*.eml"):
        said.add("mail", mail.read_bytes())
    for table, text in tables(world):
        said.add(f"table {table}", text)
    topics = bus_topics(world.bus.kafka)
    for message in every_record(world.bus.kafka, everywhere(topics.values())):
        name = (message.topic() or "").removeprefix(f"{world.bus.topics.prefix}.").partition(".")[0]
        key, value = message.key() or b"", message.value() or b""
        if name == "rejected":
            for original in ORIGINAL.findall(value):
                said.add("rejected originals", base64.b64decode(original))
            value, key = ORIGINAL.sub(b"", value), b""  # its key is as the agency sent it
        said.add(f"topic {name}", key, value, repr(message.headers()).encode())
    said.add("names of topics", *(name.encode() for name in topics))


def files(world: World, said: Said) -> None:
    """What the commands have written beside what they were given."""
    for file in world.directory.rglob("*"):
        if file.is_file() and file.suffix != ".eml" and file.name != EVENTS_FILE:
            said.add("files", file.name.encode(), file.read_bytes())


def logs(world: World, said: Said) -> None:
    """Every file that a process of the stack has logged to, the brokers' and PostgreSQL's too."""
    for file in world.stack.directory.rglob("*.log"):
        if re.fullmatch(r"[0-9]{20}\.log", file.name) or file.name.endswith("-identity.log"):
            continue  # a segment of a topic, read as such; the identity provider is not ours
        with suppress(FileNotFoundError):
            said.add(f"log {file.name}", file.read_bytes())


def tables(world: World) -> Iterator[tuple[str, bytes]]:
    names = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    for dsn in world.dsns:
        with psycopg.connect(dsn) as connection:
            for (name,) in connection.execute(names).fetchall():
                rows = connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(name))).fetchall()
                cells = [cell if isinstance(cell, bytes) else str(cell).encode() for row in rows for cell in row]
                yield str(name), b"|".join(cells)


def found_in(said: Said, forms: set[bytes]) -> set[str]:
    return {place for place, text in said.places.items() if any(form in text for form in forms)}


def test_nothing_of_a_person_is_anywhere_but_where_it_is_meant_to_be(
    stack: LocalStack, topic_prefix: str, tmp_path: Path
) -> None:
    said = Said()
    with world_of(stack, topic_prefix, tmp_path) as world, services(world, page_for=NUMBER):
        world.api("PUT", "/v1/preferences", NUMBER, {"language": "nl"})
        agency_acts(world, said)
        world.wait(lambda: "c-1" in world.cases(NUMBER), "the case")
        citizen_acts(world, said)
        # Wishes and changes are two topics: a change may overtake the wish that would have sent a mail for it.
        world.wait(lambda: "notifier_preferences" in world.tables_with(CITIZEN_MAIL), "the address at the notifier")
        case = Case(agency=AGENCY, case_id="c-4", title=TITLE, citizen=NUMBER)
        with world.bus.producer() as producer:
            producer.produce(world.bus.topics.submitted(AGENCY), encode_event(case.received(sequence=1)), b"c-4")
        world.wait(lambda: list((world.directory / "mails").glob("*.eml")), "a mail")
        operator_merges(world, said)
        operator_looks(world, said)
        look_around(world, said)
        erase(world, said)
        files(world, said)
        logs(world, said)
        hidden = canaries(world)
    places = {name: found_in(said, forms) for name, forms in hidden.items()}
    assert {name: sorted(places[name] - PLACES[name]) for name in hidden} == {name: [] for name in hidden}
    for name, wanted in PLACES.items():
        assert places[name] & wanted, f"{name} was nowhere: nothing was tried"
    assert {"mail", "receipt", "files", "command audit", "metrics of streams", "error body"} <= said.places.keys()
    assert places["number"] == PLACES["number"]
