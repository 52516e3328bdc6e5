"""An error nobody foresaw, on a page and in the API. No servers."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry
from tests.consumers.identity_provider import CITIZEN, IdentityProvider
from tests.consumers.profile_fakes import Service
from tests.profile.running import EMMA

from casebus_consumers.profile.application import public_application
from casebus_consumers.profile.identity import Identity
from casebus_consumers.profile.login.options import LoginOptions
from casebus_consumers.profile.login.sessions import Session, Sessions
from casebus_consumers.profile.page.routes import page
from casebus_consumers.profile.request_metrics import RequestMetrics
from casebus_consumers.profile.settings import ProfileOptions


class AlwaysEmma(Sessions):
    def __init__(self) -> None:
        self.lifetime = timedelta(hours=1)

    async def find(self, key: str, *, now: datetime) -> Session | None:
        del key, now
        return Session(Identity("p1." + "a" * 22, high_assurance=True, expires_at=9e9), "Emma", "token")


@pytest.mark.parametrize(
    ("path", "accept", "media_type", "says"),
    [
        ("/", "text/html", "text/html", "Uw dossiers zijn niet verloren"),
        ("/", "application/json", "application/problem+json", "it has been logged"),
        ("/v1/overview", "text/html", "application/problem+json", "it has been logged"),
    ],
)
def test_an_unforeseen_error_is_told_in_the_callers_way_and_without_its_details(
    tmp_path: Path, path: str, accept: str, media_type: str, says: str
) -> None:
    provider = IdentityProvider(tmp_path)
    service = Service(provider)
    service.overviews.failure = RuntimeError(f"a detail about {EMMA}")
    login = LoginOptions(
        public_url="https://cases.example",
        client_id="page",
        authorization_endpoint="https://login.example/a",
        token_endpoint="https://login.example/t",
    )
    options = ProfileOptions(issuer="i", audience="a", jwks_file=provider.keys.jwks_file, login=login)
    application = public_application(
        provider.verifier().verify,
        service.services,
        RequestMetrics(CollectorRegistry()),
        page=page(options, service.services, AlwaysEmma(), provider.verifier()),
        log_access=False,
    )

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(application, raise_app_exceptions=False)
        headers = {
            "accept": accept,
            "cookie": "__Host-casebus-session=x",
            "authorization": f"Bearer {service.tokens.issue(CITIZEN)}",
        }
        async with httpx.AsyncClient(transport=transport, base_url="https://cases.example") as client:
            return await client.get(path, headers=headers)

    answer = asyncio.run(ask())
    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith(media_type)
    assert says in answer.text
    assert EMMA not in answer.text
