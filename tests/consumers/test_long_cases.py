"""The query in ``docs/operating.md`` that finds cases which retention leaves in the log."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest
from tests.consumers.overviews import overview, ref

pytestmark = pytest.mark.integration

PAGE = Path(__file__).parents[2] / "docs" / "operating.md"


def test_it_finds_retired_cases_with_more_events_than_a_history_holds(dsn: str) -> None:
    section = PAGE.read_text().partition("### Cases that stay in the log")[2]
    query = re.search(r"```sql\n(.*?)```", section, re.DOTALL)
    assert query is not None
    cases = {
        "OVO000123/long": {"events": 201, "retired": True, "ended_at": "2020-01-01T00:00:00Z"},
        "OVO000123/short": {"events": 200, "retired": True, "ended_at": "2020-01-01T00:00:00Z"},
        "OVO000123/open": {"events": 900},
    }
    with psycopg.connect(dsn) as connection:
        connection.execute("TRUNCATE overviews")
        insert = "INSERT INTO overviews (party_ref, epoch, version, value) VALUES (%s, 1, 1, %s)"
        connection.execute(insert, [ref(1), overview(ref(1), cases=cases)])
        connection.execute(insert, [ref(2), overview(ref(2))])
        assert connection.execute(query[1].encode()).fetchall() == [(ref(1), "OVO000123/long", "2020-01-01T00:00:00Z")]
