"""The profile service's stores in memory, and its application around them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import httpx
from prometheus_client import CollectorRegistry
from tests.consumers.identity_provider import IdentityProvider

from casebus_consumers.profile.access_log import NEWEST, AccessEntry, AccessLog, AccessPlace
from casebus_consumers.profile.aliases import Aliases
from casebus_consumers.profile.application import public_application
from casebus_consumers.profile.identity import Identity
from casebus_consumers.profile.notification_table import TOP, Notifications, Place
from casebus_consumers.profile.overview_signals import OverviewSignals
from casebus_consumers.profile.overview_store import StoredOverview
from casebus_consumers.profile.preferences_store import PreferencesStore
from casebus_consumers.profile.request_metrics import RequestMetrics
from casebus_consumers.profile.seen_cases import SeenCase, SeenCases
from casebus_consumers.profile.services import Services
from casebus_consumers.profile.source_table import Sources
from casebus_schemas import Preferences, SentNotification, SourceFreshness


class FakeOverviews:
    """Overviews in memory; ``failure`` is raised instead."""

    def __init__(self) -> None:
        self.rows: dict[str, StoredOverview] = {}
        self.failure: Exception | None = None

    async def get(self, party_ref: str) -> StoredOverview | None:
        if self.failure is not None:
            raise self.failure
        return self.rows.get(party_ref)


class FakeSeen(SeenCases):
    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], SeenCase] = {}

    async def of(self, party_ref: str) -> dict[str, SeenCase]:
        return {key: seen for (party, key), seen in self.rows.items() if party == party_ref}

    async def mark(self, party_ref: str, agency: str, case_id: str, events: int) -> None:
        key = (party_ref, f"{agency}/{case_id}")
        before = self.rows.get(key)
        if before is None or before.events < events:
            self.rows[key] = SeenCase(agency, case_id, events, datetime.now(UTC))


class FakePreferences(PreferencesStore):
    def __init__(self) -> None:
        self.rows: dict[str, Preferences] = {}

    async def get(self, party_ref: str) -> Preferences | None:
        return self.rows.get(party_ref)

    async def put(self, preferences: Preferences) -> None:
        self.rows[preferences.party_ref] = preferences


class FakeAccessLog(AccessLog):
    def __init__(self) -> None:
        self.recorded: list[tuple[str, str, str]] = []
        self.failure: Exception | None = None

    async def record(self, identity: Identity, action: str, *, is_repeatable: bool = True) -> None:
        del is_repeatable
        if self.failure is not None:
            raise self.failure
        self.recorded.append((identity.party_ref, action, identity.client))

    async def read(self, party_ref: str, *, after: AccessPlace = NEWEST, limit: int) -> list[AccessEntry]:
        del party_ref, after, limit
        return []


class FakeSources(Sources):
    def __init__(self, sources: Iterable[SourceFreshness] = ()) -> None:
        self.sources = list(sources)

    async def all(self) -> list[SourceFreshness]:
        return self.sources


class FakeNotifications(Notifications):
    def __init__(self) -> None:
        self.rows: dict[str, list[SentNotification]] = {}

    async def of(self, party_ref: str, *, after: Place = TOP, limit: int) -> list[SentNotification]:
        newest_first = sorted(self.rows.get(party_ref, []), key=lambda each: (each.at, each.notification_id))[::-1]
        return [each for each in newest_first if (each.at, each.notification_id) < after][:limit]


class Service:
    """The application with what surrounds it."""

    def __init__(
        self, provider: IdentityProvider, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.provider = provider
        self.tokens = provider.tokens
        self.overviews = FakeOverviews()
        self.access_log = FakeAccessLog()
        self.seen = FakeSeen()
        self.preferences = FakePreferences()
        self.registry = CollectorRegistry()
        self.notifications = FakeNotifications()
        self.aliases = Aliases()
        self.signals = OverviewSignals("", self.aliases, streams=10)
        self.services = Services(
            overviews=self.overviews,
            seen=self.seen,
            preferences=self.preferences,
            access_log=self.access_log,
            sources=FakeSources(),
            notifications=self.notifications,
            signals=self.signals,
            aliases=self.aliases,
            clock=clock,
        )
        application = public_application(
            provider.verifier().verify, self.services, RequestMetrics(self.registry), log_access=True
        )
        self._transport = httpx.ASGITransport(application, raise_app_exceptions=False)

    def request(self, method: str, path: str, *, content: Any = None, **headers: str) -> httpx.Response:
        async def send() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://profile.test") as client:
                return await client.request(method, path, headers=headers, content=content)

        return asyncio.run(send())

    def get(self, token: str | None, path: str = "/v1/overview", **headers: str) -> httpx.Response:
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return self.request("GET", path, **headers)
