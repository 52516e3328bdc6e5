"""What the services' databases hold about a party: found in every table, whichever there are.

Reads only. Rows go because the services follow the bus; this says whether they have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from casebus_streams.errors import StopError

if TYPE_CHECKING:
    import psycopg

_USERS_TABLES: Final = """
SELECT columns.table_schema, columns.table_name, array_agg(columns.column_name::text ORDER BY ordinal_position)
FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_type = 'BASE TABLE' AND columns.table_schema NOT IN ('pg_catalog', 'information_schema')
AND (%(only)s::text IS NULL OR columns.column_name = %(only)s)
GROUP BY columns.table_schema, columns.table_name ORDER BY 1, 2
"""


class Databases:
    """The databases whose connection strings stand in ``dsn_files``, of roles that may read all tables.

    Each call connects anew, and blocks.
    """

    def __init__(self, dsn_files: Sequence[Path]) -> None:
        self._dsn_files = dsn_files

    def __bool__(self) -> bool:
        return bool(self._dsn_files)

    def rows_by_party(self, party_refs: Sequence[str]) -> dict[str, int]:
        """Rows under these parties in each table that has a ``party_ref``; quick, since they have an index."""
        found: dict[str, int] = {}
        for connection, name in self._connections():
            for schema, table, _ in connection.execute(_USERS_TABLES, {"only": "party_ref"}).fetchall():
                found[f"{name}: {table}"] = _count(connection, schema, table, "party_ref = ANY(%s)", [list(party_refs)])
        return found

    def rows_with(self, needles: Sequence[str]) -> dict[str, int]:
        """Rows of every table in which one of ``needles`` stands anywhere; reads all there is."""
        from psycopg import sql

        found: dict[str, int] = {}
        for connection, name in self._connections():
            for schema, table, columns in connection.execute(_USERS_TABLES, {"only": None}).fetchall():
                # A row as text shows bytea in hexadecimal; both are looked for.
                forms = [form for needle in needles for form in (needle, needle.encode().hex())]
                row = sql.SQL("ROW({})::text").format(sql.SQL(", ").join(map(sql.Identifier, columns)))
                anywhere = sql.SQL("EXISTS (SELECT FROM unnest(%s::text[]) AS form WHERE position(form IN {}) > 0)")
                found[f"{name}: {table}"] = _count(connection, schema, table, anywhere.format(row), [forms])
        return found

    def _connections(self) -> Iterator[tuple[psycopg.Connection[Any], str]]:
        for file in self._dsn_files:
            with _connected(file) as connection:
                yield connection, connection.info.dbname


@contextmanager
def _connected(file: Path) -> Iterator[psycopg.Connection[Any]]:
    try:
        import psycopg
    except ModuleNotFoundError:
        raise StopError("no package psycopg to look into databases: install casebus[consumers]") from None
    try:
        with psycopg.connect(file.read_text().strip(), autocommit=True, connect_timeout=10) as connection:
            yield connection
    except OSError as error:
        raise StopError(f"{file}: {error.strerror}") from error
    except psycopg.Error as error:
        raise StopError(f"database of {file}: {str(error).partition(chr(10))[0]}") from error


def _count(connection: psycopg.Connection[Any], schema: str, table: str, condition: Any, values: list[Any]) -> int:
    from psycopg import sql

    where = sql.SQL(condition) if isinstance(condition, str) else condition
    query = sql.SQL("SELECT count(*) FROM {} WHERE {}").format(sql.Identifier(schema, table), where)
    row = connection.execute(query, values).fetchone()
    return 0 if row is None else int(row[0])
