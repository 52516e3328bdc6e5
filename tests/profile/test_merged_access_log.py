"""Who was merged reads who looked at them under each number that they had, on the real processes."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter

import httpx
import psycopg
import pytest
from tests.profile import sample
from tests.profile.running import EMMA, JAN, PATIENCE_SECONDS, Service, session_of
from tests.profile.test_life_cycle import NEW, OLD, alias

from casebus_consumers.profile.access_log import AccessEntry, is_chained
from casebus_local import wait_until

pytestmark = pytest.mark.integration


def look(service: Service, number: str, client: str) -> None:
    headers = service.headers(number, azp=client)
    httpx.get(f"{service.url}/v1/cases", headers=headers, timeout=20).raise_for_status()


def entries(service: Service, number: str) -> list[AccessEntry]:
    """All of them, two by two, the newest first."""
    found, cursor = [], ""
    while True:
        document = service.get(f"/v1/access-log?limit=2{cursor}", number).json()
        found += [AccessEntry(**entry) for entry in document["entries"]]
        if "next_cursor" not in document:
            return found
        cursor = f"&cursor={document['next_cursor']}"


def rows(service: Service, *numbers: str) -> int:
    with psycopg.connect(service.dsn) as connection:
        refs = [service.reference(number) for number in numbers]
        return len(connection.execute("SELECT FROM access_log WHERE party_ref = ANY(%s)", [refs]).fetchall())


def merge(service: Service, number: str, into: str, *, version: int) -> None:
    alias(service, number, into, version=version)
    wait_until(
        lambda: service.get("/v1/overview", number).json()["party_ref"] == service.reference(into),
        timeout_seconds=PATIENCE_SECONDS,
        describe="the alias holds",
    )


def test_accesses_under_every_earlier_number_are_read_exported_and_erased(own_service: Service) -> None:
    service = own_service
    for number in (OLD, NEW, EMMA, JAN):
        service.publish(number, [sample.permit(datetime.now(UTC))], version=1)
    for client, number in [("office", OLD), ("kiosk", NEW), ("clinic", OLD), ("school", EMMA), ("other", JAN)]:
        look(service, number, client)
    merge(service, OLD, NEW, version=2)
    merge(service, NEW, EMMA, version=3)
    look(service, OLD, "afterwards")

    found = entries(service, OLD)
    assert found == sorted(found, key=attrgetter("at"), reverse=True)
    assert len(set(found)) == len(found)
    by_chain = {
        ref: sorted(chain, key=attrgetter("sequence"))
        for ref, chain in groupby(sorted(found, key=attrgetter("party_ref")), key=attrgetter("party_ref"))
    }
    assert set(by_chain) == {service.reference(number) for number in (OLD, NEW, EMMA)}
    assert all(is_chained(chain) for chain in by_chain.values())
    looked = {
        number: [e.client for e in by_chain[service.reference(number)] if e.action == "cases.list"]
        for number in (OLD, NEW, EMMA)
    }
    assert looked == {OLD: ["office", "clinic"], NEW: ["kiosk"], EMMA: ["school", "afterwards"]}

    exported = service.get("/v1/export", EMMA).json()["access_log"]
    assert {AccessEntry(**entry) for entry in exported} >= set(found)
    with session_of(service, "emma") as browser:
        page = browser.get("/access").text
    assert all(client in page for client in ("office", "kiosk", "clinic", "school", "afterwards"))
    assert "other" not in {entry.client for entry in found}, "nobody else's"

    before = rows(service, JAN)
    for number in (OLD, NEW, EMMA):
        service.bus.publish((service.reference(number), None))
    wait_until(
        lambda: not rows(service, OLD, NEW, EMMA),
        timeout_seconds=PATIENCE_SECONDS,
        describe="nothing is left of who looked at her",
    )
    assert rows(service, JAN) == before
