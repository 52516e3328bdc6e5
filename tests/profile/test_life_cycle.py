"""Merges, ended access and messages, as a party and its portal see them: over the real processes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import psycopg
import pytest
from tests.profile import sample
from tests.profile.life import Json, Life, iso, overview_of
from tests.profile.running import PATIENCE_SECONDS, Service, session_of
from tests.profile.streaming import stream
from tests.profile.test_running_api import published_preferences

from casebus_local import wait_until
from casebus_schemas import insz_of, parse_insz

pytestmark = pytest.mark.integration

OLD, NEW, THIRD = insz_of("802730001"), insz_of("800730001"), insz_of("800730002")
"""Known under a BIS number first, then under a national number, which was itself one too many."""


def alias(service: Service, number: str, into: str, *, version: int) -> None:
    """What the overviews stage writes for a party that was merged."""
    reference, merged_into = service.reference(number), service.reference(into)
    empty = overview_of(reference, [], version=version)
    service.bus.publish((reference, empty[:-1] + b',"merged_into":"%b"}' % merged_into.encode()))


def message(service: Service, number: str, at: datetime) -> Json:
    return {**sample.sent(at, service.reference(number))[0], "notification_id": str(uuid4()), "at": iso(at)}


def test_the_numbers_are_what_they_are_said_to_be() -> None:
    assert {parse_insz(number) for number in (OLD, NEW, THIRD)} == {OLD, NEW, THIRD}


def test_who_logs_in_under_an_old_number_sees_what_the_new_one_has(own_service: Service) -> None:
    service, now = own_service, datetime.now(UTC)
    case = f"/v1/cases/{sample.PERMIT}/OMV-2026-0077%2F1"
    service.publish(OLD, [sample.permit(now)], version=1)
    httpx.put(
        f"{service.url}/v1/preferences",
        headers=service.headers(OLD),
        content=b'{"email": "old@example.com"}',
        timeout=20,
    ).raise_for_status()
    httpx.post(f"{service.url}{case}/seen", headers=service.headers(OLD), content=b'{"events": 4}', timeout=20)
    service.publish_notifications(OLD, [message(service, OLD, now - timedelta(hours=2))])
    service.wait_for_notifications(OLD, 1)
    with stream(service.url, service.headers(OLD)) as events:
        assert events.next().data["cases"]
        service.publish(NEW, [sample.permit(now), sample.premium(now)], version=2)
        alias(service, OLD, NEW, version=2)
        with pytest.raises(EOFError):  # nothing empty is shown in between: connecting again leads to the new one
            events.next()
    for number in (OLD, NEW):
        shown = service.get("/v1/overview", number).json()
        assert (shown["party_ref"], len(shown["cases"])) == (service.reference(NEW), 2)
        assert service.get(case, number).json()["unread"] == 0, "what was read stays read"
        assert service.get("/v1/preferences", number).json()["chosen"]["email"] == "old@example.com"
        assert len(service.notifications(number)) == 1
    service.publish_notifications(OLD, [message(service, OLD, now)])
    service.wait_for_notifications(NEW, 2)
    httpx.put(f"{service.url}/v1/preferences", headers=service.headers(OLD), content=b"{}", timeout=20)
    assert "email" not in service.get("/v1/preferences", NEW).json()["chosen"], "a choice under the old number is hers"
    service.publish(THIRD, [sample.permit(now)], version=1)
    alias(service, NEW, THIRD, version=3)
    wait_until(
        lambda: service.get("/v1/overview", OLD).json()["party_ref"] == service.reference(THIRD),
        timeout_seconds=PATIENCE_SECONDS,
        describe="both old numbers lead to the third",
    )
    assert service.get("/v1/preferences", OLD).json()["chosen"] is not None
    with psycopg.connect(service.dsn) as connection:
        seen = connection.execute("SELECT DISTINCT party_ref FROM seen_cases").fetchall()
    assert seen == [(service.reference(THIRD),)]


def test_a_bookmark_and_an_open_session_outlive_a_merge_and_an_erased_alias_is_nobody(own_service: Service) -> None:
    service, now = own_service, datetime.now(UTC)
    emma = insz_of("850730033")
    bookmark = f"/cases/{sample.HOUSING}/PREM-2026-004512"
    service.publish(emma, [sample.premium(now)], version=1)
    with session_of(service, "emma") as client:
        assert "Renovatiepremie" in client.get(bookmark).text
        service.publish(NEW, [sample.premium(now)], version=1)
        alias(service, emma, NEW, version=2)
        wait_until(
            lambda: service.get("/v1/overview", emma).json()["party_ref"] == service.reference(NEW),
            timeout_seconds=PATIENCE_SECONDS,
            describe="the alias holds",
        )
        assert "Renovatiepremie" in client.get(bookmark).text
        service.bus.publish((service.reference(emma), None))
        wait_until(
            lambda: service.get("/v1/overview", emma).json()["cases"] == {},
            timeout_seconds=PATIENCE_SECONDS,
            describe="the alias is gone",
        )
        assert client.get(bookmark).url.path != bookmark, "nor is there a session any more"
    assert service.get("/v1/overview", NEW).json()["cases"], "who it was an alias of is another matter"


def test_what_was_sent_before_an_erasure_is_not_stored_after_it_and_an_old_tombstone_erases_nothing(
    own_service: Service,
) -> None:
    service, now = own_service, datetime.now(UTC)
    reference = service.reference(OLD)
    service.publish(OLD, [sample.permit(now)], version=1)
    service.bus.publish((reference, None))
    wait_until(
        lambda: service.get("/v1/overview", OLD).json()["cases"] == {},
        timeout_seconds=PATIENCE_SECONDS,
        describe="the overview is gone",
    )
    said = published_preferences(service, reference, 1)
    assert said == [None], "the notifier forgets a party that never chose anything, too"
    later = datetime.now(UTC) + timedelta(seconds=5)
    service.publish(OLD, [sample.permit(now)], version=1)
    service.publish_notifications(
        OLD, [message(service, OLD, now - timedelta(minutes=1)), message(service, OLD, later)]
    )
    service.wait_for_notifications(OLD, 1)
    with psycopg.connect(service.dsn) as connection:
        connection.execute("DELETE FROM sink_offsets WHERE topic = %s", [service.bus.topics.overviews])
        connection.execute("TRUNCATE overviews")
    service.publish(OLD, [sample.permit(now)], version=2)
    assert len(service.notifications(OLD)) == 1, "what came after the erasure is still there"


def test_when_access_ends_an_open_window_loses_the_case_and_nobody_elses_does(service: Service) -> None:
    now = datetime.now(UTC)
    case = sample.permit(now)
    leaves, stays = insz_of("700101011"), insz_of("700101012")
    for number in (leaves, stays):
        service.publish(number, [case], version=1)
    bare = Life(sample.PERMIT, case["case_id"], now=now)
    for _ in range(4):
        bare.step(1, None, None, withdrawn=True)
    ended = bare.step(0, None, None, "party-removed").case()
    with stream(service.url, service.headers(leaves)) as his, stream(service.url, service.headers(stays)) as hers:
        assert his.next().data["cases"]
        assert hers.next().data["cases"]
        service.publish(leaves, [ended], version=2)
        (left,) = his.next().data["cases"].values()
        assert "content" not in left
        assert "tuinhuis" not in json.dumps(left)
    path = f"/v1/cases/{sample.PERMIT}/OMV-2026-0077%2F1"
    assert "content" not in service.get(path, leaves).json()
    assert service.get(path, stays).json()["content"]["title"]["nl"] == "Omgevingsvergunning voor een tuinhuis"


def test_messages_come_in_pages_and_name_no_case_that_is_not_shown(service: Service) -> None:
    number, now = insz_of("700101013"), datetime.now(UTC)
    service.publish(number, [sample.permit(now)], version=1)
    sent = sample.sent(now, service.reference(number))
    service.publish_notifications(number, [{**each, "notification_id": str(uuid4())} for each in sent])
    service.wait_for_notifications(number, 5)
    pages, address = [], "/v1/notifications?limit=2"
    while address:
        page = service.get(address, number).json()
        pages.append(page["notifications"])
        address = f"/v1/notifications?limit=2&cursor={page['next_cursor']}" if "next_cursor" in page else ""
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [each["at"] for page in pages for each in page] == [each["at"] for each in sent]
    corrected, gone = pages[-1][0]["cases"]
    assert corrected == {"announced_as": "corrected", "agency": sample.PERMIT, "case_id": "OMV-2026-0077/1"}
    assert gone == {"announced_as": "closed"}
    assert service.get("/v1/notifications?cursor=x", number).status_code == 400
