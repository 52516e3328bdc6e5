"""The live stream over real processes: nothing early, nothing lost, from whichever replica."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

import pytest
from tests.profile import sample
from tests.profile.life import overview_of
from tests.profile.running import Service, running_service
from tests.profile.streaming import stream

from casebus_schemas import insz_of

pytestmark = pytest.mark.integration
VERSIONS = 20


def test_no_event_comes_before_its_data_can_be_read_and_none_is_lost_over_two_replicas(service: Service) -> None:
    """One process stores, another streams; each event is checked against both at once."""
    number = insz_of("700101001")
    reference, cases = service.reference(number), [sample.permit(datetime.now(UTC))]
    service.publish(number, cases, version=1)
    with (
        running_service(service.stack, service.bus, service.dsn, "--no-sink") as replica,
        stream(replica.url, service.headers(number)) as events,
    ):
        assert events.next().data["version"] == 1

        def publish() -> None:
            for version in range(2, VERSIONS + 1):
                service.bus.publish((reference, overview_of(reference, cases, version=version)))

        publishing = threading.Thread(target=publish)
        publishing.start()
        version = 1
        while version < VERSIONS:
            event = events.next()
            assert event.data["version"] > version, "an event never repeats or goes back"
            version = event.data["version"]
            assert event.id == f"1-{version}"
            for each in (service, replica):
                assert each.get("/v1/overview", number).json()["version"] >= version
        assert events.comments == 0, "each was announced; none waited for a heartbeat"
        publishing.join()


def test_a_stream_resumes_after_what_the_caller_has(service: Service) -> None:
    number = insz_of("700101002")
    service.publish(number, [sample.permit(datetime.now(UTC))], version=1)
    with stream(service.url, service.headers(number)) as events:
        last = events.next().id
    service.publish(number, [], version=2)
    with stream(service.url, {**service.headers(number), "Last-Event-ID": last}) as events:
        assert events.next().data["version"] == 2
    with stream(service.url, {**service.headers(number), "Last-Event-ID": "1-2"}) as events:
        service.publish(number, [], version=3)
        assert events.next().data["version"] == 3, "what the caller had was not sent again"


def test_a_stream_ends_with_its_token(service: Service) -> None:
    number = insz_of("700101003")
    with stream(service.url, service.headers(number, lifetime_seconds=2)) as events:
        assert events.next().data["version"] == 0
        with pytest.raises(EOFError):
            events.next()


def test_an_orderly_stop_does_not_wait_for_open_streams(service: Service) -> None:
    with (
        running_service(service.stack, service.bus, service.dsn, "--no-sink") as replica,
        stream(replica.url, service.headers(insz_of("700101004"))) as events,
    ):
        events.next()
        started = time.monotonic()
        replica.process.terminate()
        assert replica.process.wait(10) == 0
        assert time.monotonic() - started < 3
