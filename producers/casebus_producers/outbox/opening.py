"""From an address to the outbox behind it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from casebus_producers.outbox.errors import OutboxSettingError
from casebus_producers.outbox.sqlite import SqliteStore
from casebus_producers.outbox.table import Database

if TYPE_CHECKING:
    from casebus_producers.outbox.postgres import PostgresStore

_SQLITE = "sqlite:///"
_POSTGRESQL = ("postgresql://", "postgres://")


def database_of(address: str) -> Database:
    """Which kind of database ``address`` names. Raises ``OutboxSettingError``, which does not show it."""
    if address.startswith(_SQLITE):
        return Database.SQLITE
    if address.startswith(_POSTGRESQL):
        return Database.POSTGRESQL
    raise OutboxSettingError("CASEBUS_OUTBOX__DATABASE: must begin with postgresql:// or sqlite:///")


def open_store(address: str, *, agency: str) -> PostgresStore | SqliteStore:
    """The outbox of ``agency`` at ``address``. Does not connect yet. Raises ``OutboxSettingError``."""
    if database_of(address) is Database.SQLITE:
        return SqliteStore(Path(address.removeprefix(_SQLITE)), agency=agency)
    return _postgres()(address, agency=agency)


def _postgres() -> Callable[..., PostgresStore]:
    """The class, loaded here and nowhere else: an agency that uses SQLite, or none, needs no PostgreSQL driver."""
    try:
        from casebus_producers.outbox.postgres import PostgresStore
    except ModuleNotFoundError as error:
        if error.name != "psycopg":
            raise
        raise OutboxSettingError("PostgreSQL needs psycopg: install casebus[outbox]") from None
    return PostgresStore
