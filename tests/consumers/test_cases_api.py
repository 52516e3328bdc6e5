"""Lists, pages, single cases, and what is unread of them."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from tests.consumers.identity_provider import CITIZEN, OTHER_CITIZEN, PEPPER, IdentityProvider
from tests.consumers.overviews import overview
from tests.consumers.profile_fakes import Service
from tests.consumers.test_visibility import case

from casebus_consumers.profile.overview_store import StoredOverview
from casebus_schemas import party_ref

REF = party_ref(PEPPER, "citizen", CITIZEN)
CASES: dict[str, Any] = {
    "OVO000123/open": case("open"),
    "OVO000123/asked": case("asked") | {"roll_up": "action-needed", "events": 3},
    "OVO000123/x/y:z/seen": case("x/y:z/seen"),
    "OVO000456/done": case("done") | {"agency": "OVO000456", "roll_up": "closed"},
    "OVO000456/gone": {name: value for name, value in case("gone").items() if name != "content"}
    | {"agency": "OVO000456", "roll_up": "withdrawn"},
}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> IdentityProvider:
    return IdentityProvider(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def service(provider: IdentityProvider) -> Service:
    made = Service(provider)
    show(made, CASES)
    return made


def show(service: Service, cases: dict[str, Any], *, version: int = 1) -> None:
    service.overviews.rows[REF] = StoredOverview(1, version, overview(REF, version=version, cases=cases))


def listed(service: Service, query: str = "") -> list[str]:
    response = service.get(service.tokens.issue(CITIZEN), f"/v1/cases{query}")
    assert response.status_code == 200, response.text
    return [each["case_id"] for each in response.json()["cases"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["asked", "open", "x/y:z/seen", "done", "gone"]),
        ("?state=open", ["asked", "open", "x/y:z/seen"]),
        ("?state=closed", ["done", "gone"]),
        ("?action_needed=true", ["asked"]),
        ("?action_needed=false&state=open", ["open", "x/y:z/seen"]),
        ("?agency=OVO000456", ["done", "gone"]),
        ("?agency=OVO999999", []),
    ],
)
def test_filters(service: Service, query: str, expected: list[str]) -> None:
    assert listed(service, query) == expected


@pytest.mark.parametrize(
    "query",
    [
        "?state=all",
        "?limit=0",
        "?limit=201",
        "?limit=x",
        "?limit=\u0661",
        "?agency=123",
        "?cursor=%00",
        "?cursor=YWJj",
        "?action_needed=1",
    ],
)
def test_a_wrong_parameter_is_refused(service: Service, query: str) -> None:
    assert service.get(service.tokens.issue(CITIZEN), f"/v1/cases{query}").status_code == 400


@pytest.mark.parametrize("seed", range(20))
def test_paging_shows_each_case_that_is_there_throughout_exactly_once(service: Service, seed: int) -> None:
    rng = random.Random(seed)
    keys = [f"OVO{rng.randrange(10**6):06d}/case-{number}" for number in range(30)]
    steady = {key: case(key.partition("/")[2]) | {"agency": key[:9]} for key in keys}
    passing = {f"OVO{rng.randrange(10**6):06d}/passing-{n}": case(f"passing-{n}") for n in range(5)}
    found, cursor, version = [], "", 1
    while cursor is not None:
        # Between two pages anything may change but a case's key.
        for each in rng.sample(sorted(steady), 10):
            steady[each] = steady[each] | {"roll_up": rng.choice(["closed", "in-progress"]), "events": version}
        show(service, {**steady, **dict(rng.sample(sorted(passing.items()), 2))}, version=version)
        version += 1
        page = service.get(
            service.tokens.issue(CITIZEN),
            f"/v1/cases?limit={rng.randint(1, 7)}" + (f"&cursor={cursor}" if cursor else ""),
        ).json()
        found += [f"{each['agency']}/{each['case_id']}" for each in page["cases"]]
        cursor = page.get("next_cursor")
    assert [key for key in found if key in steady] == sorted(steady)


def test_a_case_has_its_history_and_a_foreign_one_does_not_exist(service: Service) -> None:
    path = "/v1/cases/OVO000123/x%2Fy:z%2Fseen"
    mine = service.get(service.tokens.issue(CITIZEN), path)
    assert mine.status_code == 200
    assert mine.json()["history"] == CASES["OVO000123/x/y:z/seen"]["history"]
    foreign = service.get(service.tokens.issue(OTHER_CITIZEN), path)
    missing = service.get(service.tokens.issue(CITIZEN), "/v1/cases/OVO000123/none")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.content == missing.content, "whether somebody else has it must not show"


def mark(service: Service, path: str, events: int) -> dict[str, object]:
    authorization = {"Authorization": f"Bearer {service.tokens.issue(CITIZEN)}"}
    response = service.request("POST", path, content=json.dumps({"events": events}).encode(), **authorization)
    assert response.status_code == 200, response.text
    answer: dict[str, object] = response.json()
    return answer


def unread(service: Service) -> tuple[int, int]:
    page = service.get(service.tokens.issue(CITIZEN), "/v1/cases?action_needed=true").json()
    return page["cases"][0]["unread"], page["unread_cases"]


def test_what_came_after_the_document_that_was_seen_stays_unread(service: Service) -> None:
    path = "/v1/cases/OVO000123/asked/seen"
    assert unread(service) == (3, 5)
    assert mark(service, path, 2)["unread"] == 1
    assert unread(service) == (1, 5)
    assert mark(service, path, 1)["unread"] == 1, "what was seen stays seen"
    assert mark(service, path, 99)["unread"] == 0
    assert unread(service) == (0, 4)
    show(service, CASES | {"OVO000123/asked": CASES["OVO000123/asked"] | {"events": 4}}, version=2)
    assert unread(service) == (1, 5)


def test_a_case_whose_id_ends_in_seen_can_be_read_and_marked(service: Service) -> None:
    assert mark(service, "/v1/cases/OVO000123/x%2Fy:z%2Fseen/seen", 1)["case_id"] == "x/y:z/seen"


@pytest.mark.parametrize(
    ("body", "status"), [(b"", 400), (b"{}", 422), (b'{"events": 0}', 422), (b'{"events": "1"}', 422)]
)
def test_a_wrong_body_is_refused(service: Service, body: bytes, status: int) -> None:
    authorization = {"Authorization": f"Bearer {service.tokens.issue(CITIZEN)}"}
    response = service.request("POST", "/v1/cases/OVO000123/asked/seen", content=body, **authorization)
    assert response.status_code == status
    assert service.seen.rows == {}
