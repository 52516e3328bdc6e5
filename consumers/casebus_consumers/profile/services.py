"""What the endpoints of the API and of the page work with, built in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from casebus_consumers.profile.access_log import AccessLog
from casebus_consumers.profile.aliases import MOST_STEPS, Aliases
from casebus_consumers.profile.identity import Identity
from casebus_consumers.profile.notification_table import Notifications
from casebus_consumers.profile.overview_signals import OverviewSignals
from casebus_consumers.profile.overview_store import StoredOverview
from casebus_consumers.profile.preferences_store import PreferencesStore
from casebus_consumers.profile.seen_cases import SeenCases
from casebus_consumers.profile.shown_overview import ShownOverview, empty_overview, shown_overview
from casebus_consumers.profile.source_table import Sources
from casebus_schemas import Language


class Overviews(Protocol):
    """Where overviews are read."""

    async def get(self, party_ref: str) -> StoredOverview | None:
        """The party's overview, None when there is none. Raises ``StoreUnavailableError``."""


def utc_now() -> datetime:
    """The time, with its offset."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Services:
    """The stores behind the endpoints, and the clock."""

    overviews: Overviews
    seen: SeenCases
    preferences: PreferencesStore
    access_log: AccessLog
    sources: Sources
    notifications: Notifications
    signals: OverviewSignals
    aliases: Aliases
    clock: Callable[[], datetime] = utc_now

    async def shown(self, identity: Identity, language: Language | None = None) -> ShownOverview:
        """The party's overview as it may be shown to them now; an empty one when there is none.

        Of a party that is one with another now, that one's. Raises ``StoreUnavailableError``.
        """
        party_ref = identity.party_ref
        for _ in range(MOST_STEPS):
            stored = await self.overviews.get(party_ref) or empty_overview(party_ref)
            if stored.merged_into is None:
                break
            party_ref = stored.merged_into
        return shown_overview(stored, now=self.clock(), high_assurance=identity.high_assurance, language=language)
