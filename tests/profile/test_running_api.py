"""The API over real processes: what is stored, published, written down, erased, and what happens without a database."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import psycopg
import pytest
from confluent_kafka import Consumer, TopicPartition
from psycopg import sql
from psycopg.sql import Identifier
from tests.consumers.bus import PATIENCE_SECONDS, refusing_connections
from tests.consumers.overviews import PARTITIONS
from tests.profile import sample
from tests.profile.running import EMMA, JAN, Service, session_of
from tests.profile.streaming import stream

from casebus_consumers.profile.access_log import AccessEntry, is_chained
from casebus_consumers.profile.overview_store import RECONNECT_SECONDS
from casebus_local import wait_until
from casebus_schemas import Preferences, decode, insz_of, partition_of

pytestmark = pytest.mark.integration

ROUTES = tuple(
    f"/v1/{name}" for name in ("overview", "cases", "notifications", "preferences", "access-log", "export", "sources")
)
PAGES = ("/", "/notifications", "/preferences", "/access", "/login")


def published_preferences(service: Service, reference: str, count: int) -> list[bytes | None]:
    """The first ``count`` records of the party in the topic's partition that is theirs."""
    consumer = Consumer({"bootstrap.servers": service.bus.bootstrap_servers, "group.id": "check"})
    place = TopicPartition(service.bus.topics.preferences, partition_of(reference, PARTITIONS), 0)
    consumer.assign([place])
    found: list[bytes | None] = []

    def enough() -> bool:
        messages = consumer.consume(100, 0.2)
        found.extend(message.value() for message in messages if message.key() == reference.encode())
        return len(found) >= count

    wait_until(enough, timeout_seconds=PATIENCE_SECONDS, describe="the preferences are published")
    consumer.close()
    return found


def put(service: Service, number: str, choice: dict[str, object]) -> httpx.Response:
    return httpx.put(
        f"{service.url}/v1/preferences", headers=service.headers(number), content=json.dumps(choice), timeout=20
    )


def test_preferences_are_stored_and_published_in_the_partys_partition(service: Service) -> None:
    number = insz_of("710101001")
    for language in ("fr", "de"):
        assert put(service, number, {"language": language, "email": "a@example.com"}).status_code == 200
        wanted = 1 if language == "fr" else 2
        records = published_preferences(service, service.reference(number), wanted)
    latest = decode(Preferences, records[-1] or b"")
    assert (latest.language, latest.email, latest.party_ref) == ("de", "a@example.com", service.reference(number))
    assert service.get("/v1/preferences", number).json()["chosen"]["language"] == "de"


def test_the_access_log_tells_who_looked_and_its_chain_can_be_checked_by_anybody(service: Service) -> None:
    number = insz_of("710101002")
    for client in ("portal-a", "portal-b", "portal-a"):
        assert httpx.get(f"{service.url}/v1/cases", headers=service.headers(number, azp=client), timeout=20).is_success
    put(service, number, {"language": "fr"})
    put(service, number, {"language": "fr"})
    document = service.get("/v1/access-log", number).json()
    entries = [AccessEntry(**entry) for entry in reversed(document["entries"])]
    assert [(entry.action, entry.client) for entry in entries] == [
        ("cases.list", "portal-a"),
        ("cases.list", "portal-b"),
        ("preferences.change", "unknown"),
        ("preferences.change", "unknown"),
        ("access-log.read", "unknown"),
    ]
    assert is_chained(entries)
    assert not is_chained([entries[0], *entries[2:]]), "a missing entry shows"
    assert not is_chained([entries[0]._replace(client="nobody"), *entries[1:]]), "a changed one too"
    page = service.get("/v1/access-log?limit=2", number).json()
    older = service.get(f"/v1/access-log?limit=2&cursor={page['next_cursor']}", number).json()
    assert [entry["sequence"] for entry in (*page["entries"], *older["entries"])] == [5, 4, 3, 2]
    assert "next_cursor" not in service.get(f"/v1/access-log?cursor={older['next_cursor']}", number).json()
    assert service.get("/v1/access-log?cursor=x", number).status_code == 400


def test_the_database_itself_refuses_to_change_the_access_log(service: Service) -> None:
    service.get("/v1/overview", EMMA)
    with psycopg.connect(service.dsn) as connection:
        for statement in ("UPDATE access_log SET client = 'x'", "DELETE FROM access_log"):
            with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
                connection.execute(statement)
            connection.rollback()


def test_an_export_holds_everything(service: Service) -> None:
    service.get("/v1/cases", JAN)
    put(service, JAN, {"email": "jan@example.com"})
    path = f"/v1/cases/{sample.STUDIES}/JAN-ONLY-1/seen"
    httpx.post(
        service.url + path, headers=service.headers(JAN), content=b'{"events": 1}', timeout=20
    ).raise_for_status()
    answer = service.get("/v1/export", JAN)
    document = answer.json()
    assert answer.headers["content-disposition"].startswith("attachment")
    assert document["overview"] == service.get("/v1/overview", JAN).json()
    assert document["preferences"]["email"] == "jan@example.com"
    assert [(seen["case_id"], seen["events"]) for seen in document["seen"]] == [("JAN-ONLY-1", 1)]
    assert {"export.read", "cases.list"} <= {entry["action"] for entry in document["access_log"]}
    assert document["complete"]


def test_a_weak_login_sees_no_confidential_text_anywhere(service: Service) -> None:
    weak = service.headers(EMMA, acr="http://eidas.europa.eu/LoA/low")
    for path in ("/v1/overview", "/v1/cases", "/v1/export", f"/v1/cases/{sample.CARE}/ZB-31"):
        answer = httpx.get(service.url + path, headers=weak, timeout=20)
        assert answer.status_code == 200
        assert sample.SECRET_WORD not in answer.text, path
    with stream(service.url, weak) as events:
        assert sample.SECRET_WORD not in json.dumps(events.next().data)
    assert sample.SECRET_WORD in service.get("/v1/overview", EMMA).text


def test_sources_are_as_published(service: Service) -> None:
    sources = {each["agency"]: each["state"] for each in service.get("/v1/sources", JAN).json()["sources"]}
    assert sources == {each["agency"]: each["state"] for each in sample.sources(datetime.now(UTC))}


def rows_about(dsn: str, reference: str) -> dict[str, int]:
    tables = ("overviews", "preferences", "seen_cases", "access_log", "sessions", "notifications")
    count = "SELECT count(*) FROM {} WHERE party_ref = %s"
    with psycopg.connect(dsn) as connection:
        return {
            table: connection.execute(sql.SQL(count).format(Identifier(table)), [reference]).fetchall()[0][0]
            for table in tables
        }


def test_erasing_a_party_erases_everything_held_about_them_and_nothing_else(own_service: Service) -> None:
    service = own_service
    for number in (EMMA, JAN):
        service.publish(number, [sample.permit(datetime.now(UTC))], version=1)
        put(service, number, {"email": "x@example.com"})
        path = f"/v1/cases/{sample.PERMIT}/OMV-2026-0077%2F1/seen"
        httpx.post(service.url + path, headers=service.headers(number), content=b'{"events": 1}', timeout=20)
    with session_of(service, "emma"), session_of(service, "jan"):
        pass
    emma, jan = service.reference(EMMA), service.reference(JAN)
    for number, reference in ((EMMA, emma), (JAN, jan)):
        message = {**sample.sent(datetime.now(UTC), reference)[0], "notification_id": str(uuid4())}
        service.publish_notifications(number, [message])
        service.wait_for_notifications(number, 1)
    published_preferences(service, emma, 1)
    before = rows_about(service.dsn, jan)
    assert all(rows_about(service.dsn, emma).values())
    with stream(service.url, service.headers(EMMA)) as events:
        assert events.next().data["cases"]
        service.bus.publish((emma, None))
        assert events.next().data["cases"] == {}, "an open window is emptied too"
    assert published_preferences(service, emma, 2)[-1] is None, "who reads the topic forgets it as well"
    wait_until(
        lambda: not any(rows_about(service.dsn, emma).values()),
        timeout_seconds=PATIENCE_SECONDS,
        describe="nothing about her is left",
    )
    assert rows_about(service.dsn, jan) == before


def test_without_a_database_every_route_says_503_and_when_to_come_back(own_service: Service) -> None:
    service = own_service
    service.publish(EMMA, [sample.permit(datetime.now(UTC))], version=1)
    with session_of(service, "emma") as emma:
        with stream(service.url, service.headers(EMMA)) as events:
            assert events.next().data["version"] == 1
            with refusing_connections(service.stack.dsn, service.dsn), ThreadPoolExecutor(len(ROUTES + PAGES)) as pool:
                began = time.monotonic()
                while time.monotonic() - began < 1.5 * RECONNECT_SECONDS:  # past the time at which the pool gives up
                    answers = pool.map(lambda path: service.get(path, EMMA), ROUTES)
                    pages = pool.map(emma.get, PAGES)
                    for path, answer in zip(ROUTES, answers, strict=True):
                        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1"), path
                        assert answer.headers["content-type"] == "application/problem+json"
                    for path, page in zip(PAGES, pages, strict=True):
                        assert (page.status_code, page.headers["retry-after"]) == (503, "1"), path
                        assert "text/html" in page.headers["content-type"]
            service.wait_until_ready()
            service.publish(EMMA, [], version=2)
            assert events.next().data["version"] == 2, "the open stream goes on"
        assert emma.get("/").status_code == 200, "and so does the session"
