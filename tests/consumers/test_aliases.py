"""Who a party is after it was merged: from what is known in memory, and from what the database says."""

from __future__ import annotations

from typing import Any

import pytest
from tests.consumers.identity_provider import CITIZEN, PEPPER, IdentityProvider
from tests.consumers.overviews import overview, ref
from tests.consumers.profile_fakes import Service
from tests.consumers.test_visibility import case

from casebus_consumers.profile.aliases import Aliases, follow
from casebus_consumers.profile.identity import Identity
from casebus_consumers.profile.overview_store import StoredOverview
from casebus_schemas import party_ref

OLD, NEW, NEWEST = party_ref(PEPPER, "citizen", CITIZEN), ref(1), ref(2)


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> IdentityProvider:
    return IdentityProvider(tmp_path_factory.mktemp("keys"))


def store(
    service: Service, party: str, *, merged_into: str | None = None, cases: dict[str, object] | None = None
) -> None:
    value = overview(party, cases=cases)
    if merged_into is not None:
        value = value[:-1] + b',"merged_into":"%b"}' % merged_into.encode()
    service.overviews.rows[party] = StoredOverview(1, 1, value)


def shown(service: Service) -> dict[str, Any]:
    document: dict[str, Any] = service.get(service.tokens.issue(CITIZEN)).json()
    return document


def test_an_alias_leads_on_before_this_process_has_heard_of_it(provider: IdentityProvider) -> None:
    service = Service(provider)
    store(service, OLD, merged_into=NEW)
    store(service, NEW, merged_into=NEWEST)
    store(service, NEWEST, cases={"OVO000123/a": case("a")})
    assert (shown(service)["party_ref"], list(shown(service)["cases"])) == (NEWEST, ["OVO000123/a"])


def test_aliases_in_a_circle_end_in_an_overview_of_nothing(provider: IdentityProvider) -> None:
    service = Service(provider)
    store(service, OLD, merged_into=NEW)
    store(service, NEW, merged_into=OLD)
    assert shown(service)["cases"] == {}


def test_what_is_announced_of_aliases_counts_at_once() -> None:
    aliases = Aliases()
    who = Identity(OLD, high_assurance=True, expires_at=0.0)
    assert aliases.resolved(who) is who
    aliases.note(f"{OLD}>{NEW}")
    aliases.note(f"{NEW}>{NEWEST}")
    assert aliases.resolved(who).party_ref == NEWEST
    aliases.note(f"{NEW}>")
    assert aliases.resolved(who).party_ref == NEW
    aliases.note(f"{OLD}>")
    assert aliases.resolved(who) is who


def test_a_circle_is_left_again() -> None:
    assert follow({OLD: NEW, NEW: OLD}, OLD) in (OLD, NEW)


def test_an_agency_cannot_make_a_case_look_like_an_alias() -> None:
    """Its words are in strings, in which a quote never stands alone."""
    forged = case("x", title={"nl": '"cases":{},"merged_into":"' + NEW + '"}'})
    value = overview(OLD, cases={"OVO000123/x": forged})
    assert StoredOverview(1, 1, value).merged_into is None
