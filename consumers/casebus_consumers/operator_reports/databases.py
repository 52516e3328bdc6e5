"""The databases that an operator's command looks into: those of files it was given, else that of the environment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from casebus_consumers.commands.sink_settings import SinkSettings
from casebus_consumers.sink.offsets import Cursor

_CONNECT_SECONDS = 5
_STATEMENT_MS = 5_000


def connection_strings(dsn_files: Sequence[Path]) -> list[str]:
    """None when nothing names a database. Raises ``OSError`` for a file that cannot be read."""
    if dsn_files:
        return [file.read_text().strip() for file in dsn_files]
    database = SinkSettings().database
    return [] if database.dsn is None and database.dsn_file is None else [database.read()]


@contextmanager
def looking_into(dsn: str) -> Iterator[Cursor]:
    """A transaction that can change nothing and waits for nobody for long. Raises ``psycopg.Error``."""
    bounded = make_conninfo(
        dsn,
        connect_timeout=_CONNECT_SECONDS,
        options=f"-c default_transaction_read_only=on -c statement_timeout={_STATEMENT_MS} -c TimeZone=UTC",
    )
    with psycopg.connect(bounded) as connection, connection.cursor() as cursor:
        yield cursor


def has_table(cursor: Cursor, name: str) -> bool:
    """Whether the database holds this table."""
    found = cursor.execute("SELECT to_regclass(%s)", [name]).fetchone()
    return found is not None and found[0] is not None


def why(error: Exception) -> str:
    """One line about an error of a connection or a file; it holds no password."""
    return str(error).partition("\n")[0]
