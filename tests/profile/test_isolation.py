"""Whoever asks sees their own cases only: over every route of the API and of the page, and with every bad token."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from tests.profile import sample
from tests.profile.running import EMMA, JAN, Service, form_token, session_of
from tests.profile.streaming import stream

from casebus_consumers.profile.api.operations import OPERATIONS
from casebus_local.tokens import AUDIENCE, ISSUER

pytestmark = pytest.mark.integration

EMMAS_CASE = f"{sample.HOUSING}/PREM-2026-004512"
PAGES = ["/", "/cases/" + EMMAS_CASE, "/notifications", "/preferences", "/access", "/export", "/live"]
BODIES = {"markCaseSeen": {"events": 1}, "putPreferences": {"email": "jan@example.com"}}


def address(path: str) -> str:
    agency, _, case_id = EMMAS_CASE.partition("/")
    return path.replace("{agency}", agency).replace("{case_id}", case_id)


def ask(service: Service, headers: dict[str, str]) -> Iterator[tuple[str, int, str]]:
    """Every operation of the API, for Emma's case where one is named: which, status, and all that came back."""
    for operation in OPERATIONS:
        url = service.url + address(operation.path)
        name = f"{operation.method} {operation.path}"
        if operation.media_type != "application/json":
            with httpx.stream(operation.method, url, headers=headers, timeout=20) as response:
                text = next(text for text in response.iter_text() if "data:" in text or response.status_code != 200)
                yield name, response.status_code, text
            continue
        body = BODIES.get(operation.operation_id)
        content = None if body is None else json.dumps(body)
        response = httpx.request(operation.method, url, headers=headers, content=content, timeout=20)
        yield name, response.status_code, response.text + str(response.headers)


def belongs_to_emma(service: Service) -> list[str]:
    return [service.reference(EMMA), "PREM-2026", "Renovatiepremie", sample.SECRET_WORD, "OMV-2026", "emma@example.com"]


def test_two_citizens_over_every_route(service: Service) -> None:
    httpx.put(
        f"{service.url}/v1/preferences",
        headers=service.headers(EMMA),
        content=b'{"email": "emma@example.com"}',
        timeout=20,
    ).raise_for_status()
    foreign = []
    for name, status, text in ask(service, service.headers(JAN)):
        assert status in (200, 404), (name, status, text)
        foreign += [(name, mark) for mark in belongs_to_emma(service) if mark in text]
    assert foreign == []
    assert service.get("/v1/preferences", EMMA).json()["chosen"]["email"] == "emma@example.com"
    seen = {
        mark for _, _, text in ask(service, service.headers(EMMA)) for mark in belongs_to_emma(service) if mark in text
    }
    assert seen == set(belongs_to_emma(service)), "the marks are there for her, so their absence means something"


def test_two_citizens_over_every_page(service: Service) -> None:
    with session_of(service, "jan") as jan, session_of(service, "emma") as emma:
        for path in PAGES:
            for client, is_hers in ((jan, False), (emma, True)):
                if path == "/live":
                    continue
                answer = client.get(path)
                said = answer.text.replace(path, "")  # what was asked for is in the links to other languages
                marks = [mark for mark in belongs_to_emma(service) if mark in said]
                assert answer.status_code == (404 if path.startswith("/cases/") and not is_hers else 200)
                assert is_hers or marks == [], (path, marks)
        # With her form's token in his session, and his in hers, nothing is changed.
        stolen = form_token(emma.get("/preferences").text)
        refused = jan.post(
            "/preferences", data={"form_token": stolen, "language": "nl", "urgent": "off", "normal": "off"}
        )
        assert refused.status_code == 403


def bad_tokens(service: Service) -> dict[str, str]:
    key, now = service.stack.keys.signing_key, int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "rrn": EMMA, "iat": now, "exp": now + 600}

    def signed(*, header: dict[str, str] | None = None, by: RSAKey = key, **changes: object) -> str:
        return jwt.encode({"alg": "RS256", "kid": key.kid or "", **(header or {})}, claims | changes, by, ["RS256"])

    return {
        "expired": signed(exp=now - 1),
        "another audience": signed(aud="another-service"),
        "another issuer": signed(iss="https://elsewhere.example"),
        "not yet valid": signed(nbf=now + 600),
        "unknown kid": signed(header={"kid": "unknown"}),
        "a stranger's key": signed(by=RSAKey.generate_key(2048)),
        "alg none": jwt.encode({"alg": "none"}, claims, OctKey.generate_key(), algorithms=["none"]),
        "meant for the page": signed(aud="casebus-page"),
        "no token at all": "x",
    }


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")  # of the forged tokens
def test_every_bad_token_is_refused_on_every_route(service: Service) -> None:
    for fault, token in bad_tokens(service).items():
        for name, status, text in ask(service, {"Authorization": f"Bearer {token}"}):
            assert status == 401, (fault, name)
            assert [mark for mark in [*belongs_to_emma(service), EMMA] if mark in text] == []
    for name, status, _ in ask(service, {}):
        assert status == 401, name


def test_the_api_takes_no_session_and_the_page_no_token(service: Service) -> None:
    with session_of(service, "emma") as emma:
        assert emma.get("/v1/overview").status_code == 401
    page = httpx.get(f"{service.url}/preferences", headers=service.headers(EMMA), timeout=20)
    assert page.status_code == 303
    assert page.headers["location"].startswith("/login")
    assert httpx.get(f"{service.url}/live", headers=service.headers(EMMA), timeout=20).status_code == 401


def test_a_company_and_an_association_see_their_own_and_not_their_persons(service: Service) -> None:
    for who in ("bakery", "scouts"):
        with session_of(service, who) as client:
            page = client.get("/").text
            assert "De Smet" in page or "Sint-Jan" in page
            assert "JAN-ONLY-1" not in page


def test_a_stream_of_one_says_nothing_of_the_other(service: Service) -> None:
    with stream(service.url, service.headers(JAN)) as events:
        said = json.dumps(events.next().data)
    assert [mark for mark in belongs_to_emma(service) if mark in said] == []
