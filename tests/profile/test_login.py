"""Logging in to the page: everything that an attacker could swap, repeat or leave out is refused."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
import pytest
from tests.profile.running import EMMA, Service, form_token, session_of

from casebus_consumers.profile.page.visitor import local_path

pytestmark = pytest.mark.integration


def browser(service: Service) -> httpx.Client:
    return httpx.Client(base_url=service.url, timeout=20, headers={"accept": "text/html"})


def callback_of(client: httpx.Client, who: str = "emma") -> str:
    """Log in up to the step where the provider sends the browser back; that address."""
    begun = client.get("/login")
    chooser = httpx.get(begun.headers["location"], timeout=20)
    match = re.search(rf'id="{who}" href="([^"]+)"', chooser.text)
    assert match is not None
    return httpx.get(str(chooser.url.join(unescape(match[1]))), timeout=20).headers["location"]


def test_the_request_to_the_provider_carries_state_nonce_and_a_challenge_and_no_verifier(service: Service) -> None:
    with browser(service) as client:
        begun = client.get("/login?level=high")
    asked = parse_qs(urlsplit(begun.headers["location"]).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert min(len(asked[name][0]) for name in ("state", "nonce", "code_challenge")) >= 43
    assert asked["acr_values"] == ["http://eidas.europa.eu/LoA/high"]
    assert "code_verifier" not in asked
    cookie = begun.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_another_browser_cannot_end_the_login(service: Service) -> None:
    """Else somebody could log a victim in to the attacker's own overview."""
    with browser(service) as attacker, browser(service) as victim:
        address = callback_of(attacker)
        victim.get("/login")
        assert victim.get(address).status_code == 400
        assert victim.get("/preferences").status_code == 303


@pytest.mark.parametrize("change", ["state", "code", "no code", "again"])
def test_a_changed_or_repeated_answer_of_the_provider_is_refused(service: Service, change: str) -> None:
    with browser(service) as client:
        address = callback_of(client)
        if change == "again":
            assert client.get(address).status_code == 303
            client.cookies.clear()
        else:
            pattern, replacement = {
                "state": (r"state=[^&]+", "state=other"),
                "code": (r"code=[^&]+", "code=other"),
                "no code": (r"code=[^&]+", "error=access_denied"),
            }[change]
            address = re.sub(pattern, replacement, address)
        refused = client.get(address)
        assert refused.status_code == 400
        assert 'href="/login"' in refused.text
        assert client.get("/preferences").status_code == 303


def test_a_logout_ends_the_session_everywhere_and_only_a_form_of_ours_can(service: Service) -> None:
    with session_of(service, "amina") as client:
        cookies = dict(client.cookies)
        page = client.get("/preferences").text
        assert client.post("/logout", data={"form_token": "guess"}, follow_redirects=False).status_code == 403
        assert client.post("/logout", follow_redirects=False).status_code == 403
        left = client.post("/logout", data={"form_token": form_token(page)}, follow_redirects=False)
        assert left.status_code == 303
    copied = httpx.get(f"{service.url}/preferences", cookies=cookies, timeout=20)
    assert copied.status_code == 303, "a copy of the cookie is worth nothing"


def test_an_expired_session_is_none(service: Service) -> None:
    with session_of(service, "lena") as client:
        with psycopg.connect(service.dsn) as connection:
            connection.execute(
                "UPDATE sessions SET expires_at = now() - interval '1 second' WHERE display_name LIKE 'Lena%'"
            )
        assert client.get("/preferences", follow_redirects=False).status_code == 303


def test_the_database_holds_nothing_one_could_log_in_with(service: Service) -> None:
    with session_of(service, "emma") as client, psycopg.connect(service.dsn) as connection:
        rows = str(connection.execute("SELECT * FROM sessions").fetchall())
        assert not [value for value in dict(client.cookies).values() if value in rows]


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/cases/OVO000101/A-1", "/cases/OVO000101/A-1"),
        ("/preferences?x=1", "/preferences?x=1"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("/\\elsewhere.example", "/"),
        ("/\t/elsewhere.example", "/"),
        ("", "/"),
    ],
)
def test_a_login_leads_back_to_a_page_of_ours_only(path: str, leads_to: str) -> None:
    assert local_path(path) == leads_to


def test_a_login_is_written_down_for_the_party(service: Service) -> None:
    def logins() -> int:
        entries = service.get("/v1/access-log", EMMA).json()["entries"]
        return sum((entry["action"], entry["client"]) == ("login", "page") for entry in entries)

    before = logins()
    with session_of(service, "emma"):
        assert logins() == before + 1


def test_every_page_forbids_inline_and_foreign_code(service: Service) -> None:
    with session_of(service, "emma") as client:
        for path in ("/", "/preferences", "/access", "/cases/OVO000103/OMV-2026-0077/1", "/nothing"):
            page = client.get(path)
            policy = page.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert page.headers["cache-control"] == "no-store"
            assert not re.search(r"<style|<script(?![^>]*src=)|\sstyle=|\son\w+=", page.text)
