"""Databases that exist for as long as one test or benchmark needs them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo


@contextmanager
def fresh_database(server_dsn: str) -> Iterator[str]:
    """Create an empty database on the server, yield its DSN, and drop it, closing what is still connected.

    Blocks; ``server_dsn`` must name a user who may create databases. Raises ``psycopg.Error``.
    """
    name = f"casebus_{secrets.token_hex(6)}"
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield make_conninfo(server_dsn, dbname=name)
    finally:
        with psycopg.connect(server_dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
