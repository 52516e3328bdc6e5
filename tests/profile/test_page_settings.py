"""Settings of page and login: what they let in, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.responses import Response

from casebus_consumers.profile.login.cookies import Cookies
from casebus_consumers.profile.login.options import LoginOptions
from casebus_consumers.profile.page.options import PageOptions
from casebus_consumers.profile.page.rendering import content_security_policy
from casebus_consumers.profile.settings import ProfileOptions


def test_the_policy_lets_in_only_the_official_header_and_the_way_out() -> None:
    plain = content_security_policy(PageOptions(), LoginOptions())
    assert "script-src 'self';" in plain
    assert "https" not in plain
    page = PageOptions(header_script="https://widgets.example/header.js")
    login = LoginOptions(
        public_url="https://cases.example",
        client_id="x",
        authorization_endpoint="https://login.example/a",
        token_endpoint="https://login.example/t",
        end_session_endpoint="https://login.example/out",
    )
    official = content_security_policy(page, login)
    assert "script-src 'self' https://widgets.example;" in official
    assert "form-action 'self' https://login.example;" in official


@pytest.mark.parametrize(
    "url", ["http://cases.example", "ftp://x", "cases.example", "https://", "http://127.0.0.1.evil.example"]
)
def test_a_login_over_an_open_line_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must be https"):
        LoginOptions(public_url=url, client_id="x", authorization_endpoint="https://a", token_endpoint="https://a")


def test_half_a_login_is_refused() -> None:
    with pytest.raises(ValueError, match="CASEBUS_PROFILE__LOGIN__TOKEN_ENDPOINT"):
        LoginOptions(public_url="https://a", client_id="x", authorization_endpoint="https://a")


def test_the_apis_audience_cannot_be_the_pages_client() -> None:
    """Else an identity token, which many programmes get to see, would open the API."""
    login = LoginOptions(
        public_url="https://a", client_id="x", authorization_endpoint="https://a", token_endpoint="https://a"
    )
    with pytest.raises(ValueError, match="CLIENT_ID must not be"):
        ProfileOptions(issuer="i", audience="x", jwks_file=Path("jwks.json"), login=login)


def test_agency_names_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "names.json"
    file.write_text('{"OVO000101": "Wonen", "OVO000102": {"nl": "Leren", "fr": "Apprendre"}}')
    assert PageOptions(agency_names_file=file).agency_names() == {
        "OVO000101": {"nl": "Wonen"},
        "OVO000102": {"nl": "Leren", "fr": "Apprendre"},
    }
    file.write_text("[]")
    with pytest.raises(ValueError, match="AGENCY_NAMES_FILE"):
        PageOptions(agency_names_file=file).agency_names()


def test_over_https_no_other_host_can_set_a_cookie_of_ours() -> None:
    cookies, response = Cookies(is_secure=True), Response()
    cookies.set(response, cookies.session, "key", seconds=60)
    name, *attributes = response.headers["set-cookie"].split("; ")
    assert name == "__Host-casebus-session=key"
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(attributes)
    assert "domain" not in response.headers["set-cookie"].lower()
