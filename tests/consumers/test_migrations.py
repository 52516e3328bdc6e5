"""Migrations on the real PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from casebus_consumers.errors import MigrationError
from casebus_consumers.profile.composition import MIGRATED_PACKAGES
from casebus_consumers.sink import apply_migrations

pytestmark = pytest.mark.integration


def applied(dsn: str) -> list[tuple[str, int]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute("SELECT component, number FROM schema_migrations ORDER BY 1, 2").fetchall()


def test_replicas_that_start_at_once_apply_each_migration_once(database: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        for run in [pool.submit(apply_migrations, database, *MIGRATED_PACKAGES) for _ in range(4)]:
            run.result()
    profile = [("casebus_consumers.profile", number) for number in range(1, 8)]
    assert applied(database) == [*profile, ("casebus_consumers.sink", 1), ("casebus_consumers.sink", 2)]


def test_a_migration_that_was_changed_after_it_was_applied_is_refused(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("UPDATE schema_migrations SET sha256 = 'another' WHERE component LIKE '%profile'")
    with pytest.raises(MigrationError, match=r"0001 of casebus_consumers\.profile"):
        apply_migrations(dsn, *MIGRATED_PACKAGES)


def test_migrations_of_a_newer_release_are_left_alone(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("INSERT INTO schema_migrations VALUES ('casebus_consumers.profile', 99, 'x')")
    apply_migrations(dsn, *MIGRATED_PACKAGES)
    assert ("casebus_consumers.profile", 99) in applied(dsn)
