"""Numbered SQL migrations, applied once each."""

from __future__ import annotations

import hashlib
import re
from importlib.resources import files

import psycopg
import structlog

from casebus_consumers.errors import MigrationError

# Any constant will do, as long as all releases use the same.
ADVISORY_LOCK = 0x63617365

FILE_NAME = re.compile(r"([0-9]{4})_[a-z0-9_]+\.sql")

HISTORY_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    component text NOT NULL,
    number integer NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (component, number)
)
"""

log = structlog.get_logger(__name__)


def apply_migrations(dsn: str, *packages: str) -> None:
    """Apply what is missing of ``<package>/migrations/NNNN_name.sql``, package by package in the given order.

    All in one transaction under an advisory lock: replicas that start at once wait for each other, and a failure
    leaves the database as it was. Blocks. Raises ``MigrationError`` when an applied file was changed since, and
    ``psycopg.Error``. Migrations that only a newer release knows are left alone.
    """
    with psycopg.connect(dsn) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])
        connection.execute(HISTORY_TABLE)
        for package in packages:
            for number, script in scripts_of(package).items():
                _apply(connection, package, number, script)


def scripts_of(package: str) -> dict[int, bytes]:
    """The migrations that this release has for ``package``, by number."""
    found: dict[int, bytes] = {}
    for file in (files(package) / "migrations").iterdir():
        match = FILE_NAME.fullmatch(file.name)
        if match is not None:
            found[int(match[1])] = file.read_bytes()
    return dict(sorted(found.items()))


def _apply(connection: psycopg.Connection, package: str, number: int, script: bytes) -> None:
    digest = hashlib.sha256(script).hexdigest()
    applied = connection.execute(
        "SELECT sha256 FROM schema_migrations WHERE component = %s AND number = %s", [package, number]
    ).fetchone()
    if applied is None:
        connection.execute(script)
        connection.execute(
            "INSERT INTO schema_migrations (component, number, sha256) VALUES (%s, %s, %s)", [package, number, digest]
        )
        log.info("migration_applied", component=package, number=number)
    elif applied[0] != digest:
        raise MigrationError(f"migration {number:04d} of {package} was changed after it had been applied")
