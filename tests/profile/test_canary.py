"""A citizen's number goes through every route, and is then looked for in everything that is kept or said."""

from __future__ import annotations

import httpx
import psycopg
import pytest
from psycopg import sql
from psycopg.sql import Identifier
from tests.profile.running import EMMA, Service, session_of
from tests.profile.streaming import stream
from tests.profile.test_isolation import ask

pytestmark = pytest.mark.integration


def everything_in(dsn: str) -> str:
    tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    with psycopg.connect(dsn) as connection:
        names = {str(name) for (name,) in connection.execute(tables)}
        assert {"sessions", "access_log", "preferences"} <= names
        rows = [
            row for name in names for row in connection.execute(sql.SQL("SELECT * FROM {}").format(Identifier(name)))
        ]
    return "".join(
        each.decode(errors="replace") if isinstance(each, bytes) else str(each) for row in rows for each in row
    )


def test_no_national_number_is_kept_logged_or_shown(own_service: Service) -> None:
    service, said = own_service, []
    said += [text for _, _, text in ask(service, service.headers(EMMA))]
    with stream(service.url, service.headers(EMMA)) as events:
        said.append(str(events.next()))
    with session_of(service, "emma") as emma:
        said += [
            emma.get(path).text for path in ("/", "/notifications", "/preferences", "/access", "/export", f"/{EMMA}")
        ]
        said += [str(cookie.value) for cookie in emma.cookies.jar]
    said.append(httpx.get(f"{service.operations_url}/metrics", timeout=20).text)
    said.append(service.process.log_path.read_text())
    said.append(everything_in(service.dsn))
    shown = [text for text in said if EMMA in text.replace(f"/{EMMA}", "")]
    assert shown == []
    # As people write it, too.
    assert not [text for text in said if f"{EMMA[:2]}.{EMMA[2:4]}.{EMMA[4:6]}-{EMMA[6:9]}.{EMMA[9:]}" in text]
