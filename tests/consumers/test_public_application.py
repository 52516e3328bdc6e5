"""The public HTTP interface, without servers: answers, headers, logs and metrics."""

from __future__ import annotations

import json

import httpx
import pytest
from prometheus_client import generate_latest
from structlog.testing import capture_logs
from tests.consumers.identity_provider import CITIZEN, OTHER_CITIZEN, PEPPER, IdentityProvider
from tests.consumers.overviews import overview
from tests.consumers.profile_fakes import Service
from tests.consumers.test_tokens import token
from tests.consumers.test_visibility import case

from casebus_consumers.profile.identity import KeysUnavailableError
from casebus_consumers.profile.overview_store import StoredOverview, StoreUnavailableError
from casebus_consumers.profile.response_headers import SECURITY_HEADERS
from casebus_schemas import party_ref

REF = party_ref(PEPPER, "citizen", CITIZEN)
LOW = "http://eidas.europa.eu/LoA/low"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> IdentityProvider:
    return IdentityProvider(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def service(provider: IdentityProvider) -> Service:
    made = Service(provider)
    made.overviews.rows[REF] = StoredOverview(2, 7, overview(REF, epoch=2, version=7))
    return made


def test_the_citizen_of_the_token_gets_the_stored_bytes(service: Service) -> None:
    response = service.get(service.tokens.issue(CITIZEN))
    assert response.status_code == 200
    assert response.content == overview(REF, epoch=2, version=7)
    assert response.headers["content-type"] == "application/json"
    assert response.headers["etag"] == '"2-7"'
    assert response.headers["cache-control"] == "private, no-cache"
    assert response.headers["vary"] == "authorization"


def test_what_the_caller_has_is_not_sent_again(service: Service) -> None:
    token = service.tokens.issue(CITIZEN)
    response = service.get(token, **{"If-None-Match": '"2-7"'})
    assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", '"2-7"')
    assert service.get(token, **{"If-None-Match": '"2-6"'}).status_code == 200


def test_a_citizen_without_cases_gets_an_empty_document(service: Service) -> None:
    response = service.get(service.tokens.issue(OTHER_CITIZEN))
    assert response.status_code == 200
    assert response.json() == {
        "party_ref": party_ref(PEPPER, "citizen", OTHER_CITIZEN),
        "epoch": 0,
        "version": 0,
        "cases": {},
    }
    assert response.headers["etag"] == '"0-0"'


@pytest.mark.parametrize("path", ["/v1/overview?party_ref={ref}", "/v1/overview/{ref}", "/v1/overview/", "/v1/{ref}"])
def test_no_address_leads_to_another_citizen(service: Service, path: str) -> None:
    response = service.get(service.tokens.issue(OTHER_CITIZEN), path.format(ref=REF))
    assert b'"version":7' not in response.content


def test_a_confidential_case_needs_a_strong_login_and_a_tag_of_its_own(service: Service) -> None:
    value = overview(REF, version=3, cases={"OVO000123/a": case("a", sensitivity="confidential")})
    service.overviews.rows[REF] = StoredOverview(1, 3, value)
    high, low = service.tokens.issue(CITIZEN), service.tokens.issue(CITIZEN, acr=LOW)
    assert service.get(high).content == value
    weak = service.get(low)
    assert weak.status_code == 200
    assert b"Geheime" not in weak.content
    assert weak.headers["etag"].startswith('"1-3-')
    assert service.get(low, **{"If-None-Match": '"1-3"'}).status_code == 200
    assert service.get(low, **{"If-None-Match": weak.headers["etag"]}).status_code == 304
    assert service.get(high, **{"If-None-Match": weak.headers["etag"]}).status_code == 200


@pytest.mark.parametrize("authorization", [None, "Basic dTpw", "Bearer ", "Bearer a.b.c", "Bearer a b"])
def test_without_a_good_token_the_answer_is_401_with_a_problem(service: Service, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    assert_is_401(service.request("GET", "/v1/overview", **headers))


@pytest.mark.parametrize("fault", [{"exp": 1}, {"iss": "x"}, {"aud": "x"}, {"rrn": None}, {"nbf": 9_999_999_999}])
def test_every_fault_of_a_token_is_401_with_a_problem(service: Service, fault: dict[str, object]) -> None:
    response = service.get(token(service.provider, **fault))
    assert_is_401(response)
    assert 'error="invalid_token"' in response.headers["www-authenticate"]
    assert CITIZEN not in response.text + str(response.headers)


def assert_is_401(response: httpx.Response) -> None:
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["www-authenticate"].startswith('Bearer realm="casebus"')
    assert response.headers["cache-control"] == "no-store"
    assert response.json()["status"] == 401
    assert response.json()["title"] == "Unauthorized"
    assert response.json()["detail"]


@pytest.mark.parametrize("failure", [StoreUnavailableError("away"), KeysUnavailableError("away")])
def test_what_is_away_is_503_and_says_to_come_back(service: Service, failure: Exception) -> None:
    service.overviews.failure = failure
    response = service.get(service.tokens.issue(CITIZEN))
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert response.json()["title"] == "Service Unavailable"


def test_an_unforeseen_error_tells_nothing(service: Service) -> None:
    service.overviews.failure = RuntimeError(f"about {CITIZEN}")
    response = service.get(service.tokens.issue(CITIZEN))
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert CITIZEN not in response.text


def test_other_paths_and_methods_are_problems_too(service: Service) -> None:
    assert service.get(None, "/nothing").status_code == 404
    assert service.get(None, "/nothing").headers["content-type"] == "application/problem+json"
    refused = service.request("POST", "/v1/overview")
    assert (refused.status_code, refused.headers["content-type"]) == (405, "application/problem+json")
    assert "GET" in refused.headers["allow"]


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
def test_operations_are_not_on_the_public_port(service: Service, path: str) -> None:
    assert service.get(None, path).status_code == 404


@pytest.mark.parametrize("path", ["/v1/overview", "/nothing"])
def test_every_answer_carries_the_security_headers(service: Service, path: str) -> None:
    response = service.get(None, path)
    for name, value in SECURITY_HEADERS:
        assert response.headers[name.decode()] == value.decode()


def test_logs_and_metrics_hold_nothing_about_the_caller(service: Service) -> None:
    token = service.tokens.issue(CITIZEN)
    with capture_logs() as lines:
        service.get(token)
        service.get(token, f"/v1/overview?rrn={CITIZEN}")
        service.get(token, f"/{CITIZEN}", **{"User-Agent": CITIZEN})
        service.get(service.tokens.issue(CITIZEN, exp=1))
        service.request(CITIZEN, "/v1/overview")
    requests = [line for line in lines if line["event"] == "request"]
    assert [(line["method"], line["path"], line["status"]) for line in requests] == [
        ("GET", "/v1/overview", 200),
        ("GET", "/v1/overview", 200),
        ("GET", "other", 404),
        ("GET", "/v1/overview", 401),
        ("other", "/v1/overview", 405),
    ]
    written = str(lines) + generate_latest(service.registry).decode()
    for secret in (CITIZEN, REF, token, token.split(".")[2]):
        assert secret not in written
    assert 'casebus_profile_requests_total{path="/v1/overview",status="200"} 2.0' in written


def test_a_path_with_parameters_is_observed_as_its_template(service: Service) -> None:
    service.get(service.tokens.issue(CITIZEN), f"/v1/cases/OVO000123/{CITIZEN}")
    metrics = generate_latest(service.registry).decode()
    assert 'path="/v1/cases/{agency}/{case_id:path}",status="404"' in metrics
    assert CITIZEN not in metrics


def test_an_access_that_cannot_be_written_down_is_not_served(service: Service) -> None:
    service.access_log.failure = StoreUnavailableError("the database cannot be reached")
    response = service.get(service.tokens.issue(CITIZEN))
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"


def test_every_access_is_written_down_with_its_client(service: Service) -> None:
    token = service.tokens.issue(CITIZEN, azp="city-portal")
    service.get(token)
    service.get(token, "/v1/cases")
    service.get(token, "/v1/sources")
    assert service.access_log.recorded == [
        (REF, "overview.read", "city-portal"),
        (REF, "cases.list", "city-portal"),
    ]


@pytest.mark.parametrize(("language", "title"), [("nl", "Dak"), ("fr", "Toit"), ("de", "Dak")])
def test_in_one_language_each_text_is_a_string_dutch_where_there_is_no_other(
    service: Service, language: str, title: str
) -> None:
    value = overview(REF, version=3, cases={"OVO000123/a": case("a", title={"nl": "Dak", "fr": "Toit"}, tags=["nl"])})
    service.overviews.rows[REF] = StoredOverview(1, 3, value)
    token = service.tokens.issue(CITIZEN)
    response = service.get(token, f"/v1/overview?language={language}")
    content = response.json()["cases"]["OVO000123/a"]["content"]
    assert (content["title"], content["tags"], content["status"]["detail"]) == (title, ["nl"], "Geheime tekst")
    assert content["links"][0]["label"] == content["action"]["what"] == content["result"]["text"] == "Geheime tekst"
    assert response.headers["content-language"] == language
    assert response.headers["etag"] == f'"1-3-{language}"'
    again = service.get(token, f"/v1/overview?language={language}", **{"If-None-Match": response.headers["etag"]})
    assert again.status_code == 304
    assert service.get(token, "/v1/overview", **{"If-None-Match": response.headers["etag"]}).status_code == 200


def test_in_one_language_a_confidential_case_still_hides_its_text(service: Service) -> None:
    value = overview(REF, version=3, cases={"OVO000123/a": case("a", sensitivity="confidential")})
    service.overviews.rows[REF] = StoredOverview(1, 3, value)
    response = service.get(service.tokens.issue(CITIZEN, acr=LOW), "/v1/overview?language=fr")
    assert response.status_code == 200
    assert "eheim" not in response.text


def test_a_wrong_parameter_is_named_and_not_repeated(service: Service) -> None:
    response = service.get(service.tokens.issue(CITIZEN), f"/v1/overview?language={CITIZEN}")
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["errors"] == [
        {"field": "language", "rule": "value.unknown", "message": "must be one of nl, fr, de, en"}
    ]
    assert CITIZEN not in response.text


def test_a_choice_is_stored_and_given_back(service: Service) -> None:
    authorization = {"Authorization": f"Bearer {service.tokens.issue(CITIZEN)}"}
    assert service.request("GET", "/v1/preferences", **authorization).json() == {"chosen": None}
    choice = {"language": "fr", "email": "emma@example.com", "cadences": {"urgent": "hourly", "normal": "off"}}
    stored = service.request("PUT", "/v1/preferences", content=json.dumps(choice).encode(), **authorization)
    assert stored.status_code == 200
    assert stored.json()["chosen"].items() >= choice.items()
    assert stored.json()["chosen"]["party_ref"] == REF
    assert service.request("GET", "/v1/preferences", **authorization).json() == stored.json()


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"{", 400, "(event)"),
        (b'{"email": "nobody"}', 422, "email"),
        (b'{"party_ref": "p1.aaaaaaaaaaaaaaaaaaaaaa"}', 422, "party_ref"),
        (b'{"quiet_hours": {"start": "25:00", "end": "07:00"}}', 422, "quiet_hours.start"),
        (b"[]", 422, "(event)"),
        (b'"' + b"x" * 70_000 + b'"', 413, None),
    ],
)
def test_a_choice_that_breaks_a_rule_is_refused_by_field(
    service: Service, body: bytes, status: int, field: str | None
) -> None:
    authorization = {"Authorization": f"Bearer {service.tokens.issue(CITIZEN)}"}
    refused = service.request("PUT", "/v1/preferences", content=body, **authorization)
    assert refused.status_code == status
    assert [error["field"] for error in refused.json().get("errors", [])] == ([field] if field else [])
    assert service.preferences.rows == {}
