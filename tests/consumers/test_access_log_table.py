"""What a party's access log costs to read, on the real PostgreSQL."""

from __future__ import annotations

import psycopg
import pytest

from casebus_consumers.profile.access_log import NEWEST, READ

pytestmark = pytest.mark.integration

FILL = """
INSERT INTO access_log
SELECT 'p' || party, number, now(), 'cases.list', 'portal', sha256((party || '-' || number)::bytea)
FROM generate_series(1, 200) AS party, generate_series(1, 100) AS number
"""


def test_nobodys_log_costs_more_because_others_have_one(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute(FILL)
        connection.execute(
            "INSERT INTO aliases SELECT 'a' || number, 'b' || number FROM generate_series(1, 9000) number"
        )
        connection.execute("INSERT INTO aliases VALUES ('p1', 'p2'), ('p2', 'p3'), ('p3', 'p1')")
        connection.execute("ANALYZE")
        values = ["p3", *NEWEST, 1000, 1000]
        plan = "\n".join(line for (line,) in connection.execute(b"EXPLAIN " + READ.encode(), values).fetchall())
        assert "Index Scan using aliases_of_party" in plan, plan
        assert "Seq Scan" not in plan, plan
        parties = [row[0] for row in connection.execute(READ.encode(), values).fetchall()]
    assert {party: parties.count(party) for party in parties} == {"p1": 100, "p2": 100, "p3": 100}, "also in a circle"
