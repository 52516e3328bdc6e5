"""The stream of an overview, without servers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from tests.consumers.identity_provider import IdentityProvider
from tests.consumers.overviews import overview, ref
from tests.consumers.profile_fakes import Service
from tests.consumers.test_visibility import case, iso

from casebus_consumers.profile.aliases import Aliases
from casebus_consumers.profile.identity import Identity
from casebus_consumers.profile.overview_signals import STREAMS_OF_A_PARTY, OverviewSignals, TooManyStreamsError
from casebus_consumers.profile.overview_store import StoredOverview, StoreUnavailableError
from casebus_consumers.profile.overview_stream import overview_stream

ME = Identity(ref(1), high_assurance=True, expires_at=9e9)
PATIENCE_SECONDS = 30.0


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Service:
    made = Service(IdentityProvider(tmp_path_factory.mktemp("keys")), clock=clock)
    made.overviews.rows[ref(1)] = StoredOverview(1, 1, overview(ref(1)))
    return made


def stream(
    service: Service, *, last: str = "", me: Identity = ME, heartbeat_seconds: float = 0.02
) -> AsyncIterator[bytes]:
    return overview_stream(service.services, me, last_event_id=last, heartbeat_seconds=heartbeat_seconds)


async def following(events: AsyncIterator[bytes]) -> bytes:
    return await asyncio.wait_for(anext(events), PATIENCE_SECONDS)


async def next_event(events: AsyncIterator[bytes]) -> tuple[str, dict[str, object]]:
    """The next event, heartbeats passed over: its id and its data."""
    while True:
        item = await following(events)
        if item.startswith(b"event:"):
            name, id_line, data = item.decode().strip().split("\n")
            assert name == "event: overview"
            return id_line.removeprefix("id: "), json.loads(data.removeprefix("data: "))


def test_the_overview_comes_at_once_and_again_after_each_change(service: Service) -> None:
    async def scenario() -> None:
        events = stream(service)
        assert (await following(events)).startswith(b"retry:")
        assert (await next_event(events))[0] == "1-1"
        service.overviews.rows[ref(1)] = StoredOverview(1, 2, overview(ref(1), version=2))
        service.signals._wake([ref(1)])
        event_id, data = await next_event(events)
        assert (event_id, data["version"]) == ("1-2", 2)

    asyncio.run(scenario())


def test_what_the_caller_has_is_not_sent_again(service: Service) -> None:
    async def scenario() -> None:
        events = stream(service, last="1-1")
        assert (await following(events)).startswith(b"retry:")
        assert await following(events) == b": still here\n\n"
        service.overviews.rows[ref(1)] = StoredOverview(2, 1, overview(ref(1), epoch=2))
        service.signals._wake([ref(1)])
        assert (await next_event(events))[0] == "2-1"

    asyncio.run(scenario())


def test_a_change_between_the_read_and_the_subscription_is_not_missed(service: Service) -> None:
    async def scenario() -> None:
        events = stream(service, heartbeat_seconds=3600)
        await following(events)
        # Read already, and nobody will announce it again.
        service.overviews.rows[ref(1)] = StoredOverview(1, 2, overview(ref(1), version=2))
        assert (await next_event(events))[0] == "1-1"
        assert (await next_event(events))[0] == "1-2"

    asyncio.run(scenario())


def test_another_partys_change_wakes_nobody_else(service: Service) -> None:
    async def scenario() -> None:
        events = stream(service, heartbeat_seconds=3600)
        await following(events)
        await next_event(events)
        waiting = asyncio.ensure_future(following(events))
        service.signals._wake([ref(2)])
        done, _ = await asyncio.wait({waiting}, timeout=0.1)
        assert not done
        waiting.cancel()

    asyncio.run(scenario())


def test_a_case_appears_when_its_time_has_come(service: Service, clock: Clock) -> None:
    later = clock.now + timedelta(hours=1)
    value = overview(ref(1), cases={"OVO000123/a": case("a", visible_from=iso(later))})
    service.overviews.rows[ref(1)] = StoredOverview(1, 1, value)

    async def scenario() -> None:
        events = stream(service)
        await following(events)
        assert (await next_event(events))[1]["cases"] == {}
        clock.now = later
        assert (await next_event(events))[1]["cases"] != {}

    asyncio.run(scenario())


def test_it_survives_a_database_that_goes_away_and_does_not_begin_without_one(service: Service) -> None:
    async def scenario() -> None:
        events = stream(service)
        await following(events)
        await next_event(events)
        service.overviews.failure = StoreUnavailableError("away")
        assert await following(events) == b": still here\n\n"
        with pytest.raises(StoreUnavailableError):
            await following(stream(service))
        service.overviews.failure = None
        service.overviews.rows[ref(1)] = StoredOverview(1, 2, overview(ref(1), version=2))
        assert (await next_event(events))[0] == "1-2"

    asyncio.run(scenario())


@pytest.mark.parametrize("ending", ["expiry", "stop"])
def test_it_ends_with_the_login_and_with_the_service(service: Service, clock: Clock, ending: str) -> None:
    async def scenario() -> None:
        me = Identity(ref(1), high_assurance=True, expires_at=clock.now.timestamp() + 60)
        events = stream(service, me=me)
        await following(events)
        await next_event(events)
        if ending == "expiry":
            clock.now += timedelta(seconds=60)
        else:
            service.signals.close()
        assert [item async for item in events if item.startswith(b"event:")] == []
        assert service.signals.open_streams == 0

    asyncio.run(scenario())


def test_one_party_cannot_take_all_streams() -> None:
    signals = OverviewSignals("", Aliases(), streams=100)
    open_ones = [signals.subscribe(ref(1)) for _ in range(STREAMS_OF_A_PARTY)]
    for each in open_ones:
        each.__enter__()
    with pytest.raises(TooManyStreamsError), signals.subscribe(ref(1)):
        pass
    with signals.subscribe(ref(2)):
        assert signals.open_streams == STREAMS_OF_A_PARTY + 1
    for each in open_ones:
        each.__exit__(None, None, None)
    assert signals.open_streams == 0
    assert signals._events == {}
