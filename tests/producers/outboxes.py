"""Outboxes of both kinds for the tests: what an application does with one, seen from outside."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from tests.producers.cases import AGENCY

from casebus_producers.outbox import add
from casebus_producers.outbox.opening import open_store
from casebus_producers.outbox.postgres import PostgresStore
from casebus_producers.outbox.sqlite import SqliteStore
from casebus_schemas import CaseEvent


@dataclass(frozen=True)
class TestOutbox:
    """One database with an outbox in it."""

    __test__ = False

    address: str

    def store(self, *, agency: str = AGENCY) -> PostgresStore | SqliteStore:
        return open_store(self.address, agency=agency)

    def add(self, events: Iterable[CaseEvent]) -> None:
        """One transaction of the application."""
        if self._path is not None:
            with closing(sqlite3.connect(self._path, timeout=10)) as database, database:
                for event in events:
                    add(database, event, style="named")
        else:
            with psycopg.connect(self.address) as connection, connection.cursor() as cursor:
                for event in events:
                    add(cursor, event)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement and commit."""
        if self._path is not None:
            with closing(sqlite3.connect(self._path, timeout=10)) as database, database:
                return database.execute(statement).fetchall()
        with psycopg.connect(self.address) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def ids(self) -> list[str]:
        """What is in the table, oldest first."""
        return [row_id for (row_id,) in self.query("SELECT id FROM casebus_outbox ORDER BY position")]

    @property
    def _path(self) -> Path | None:
        return Path(self.address.removeprefix("sqlite:///")) if self.address.startswith("sqlite") else None


def dsn_as_url(dsn: str) -> str:
    """The address of a database in the form of a URL."""
    parts = psycopg.conninfo.conninfo_to_dict(dsn)
    return "postgresql://{user}:{password}@{host}:{port}/{dbname}".format(**parts)
