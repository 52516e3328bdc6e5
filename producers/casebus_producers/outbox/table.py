"""The outbox table, and how an application writes to it.

The columns ``id``, ``aggregatetype``, ``aggregateid``, ``type`` and ``payload`` are those that Debezium's outbox event
router expects, so that it can take the relay's place over the same table.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, Literal, Protocol

from casebus_schemas import CaseEvent, encode_event

TABLE: Final = "casebus_outbox"
CHANNEL: Final = "casebus_outbox"
"""The channel on which PostgreSQL tells relays that a transaction added events."""

ParameterStyle = Literal["pyformat", "named"]
"""PEP 249's names: ``%(id)s`` as psycopg and Django write it, ``:id`` as sqlite3 and SQLAlchemy do."""

_COLUMNS: Final = ("id", "aggregatetype", "aggregateid", "type", "payload")

_POSTGRESQL: Final = (
    f"""CREATE TABLE IF NOT EXISTS {TABLE} (
    position bigint GENERATED ALWAYS AS IDENTITY,
    id varchar(128) PRIMARY KEY,
    aggregatetype varchar(64) NOT NULL,
    aggregateid varchar(128) NOT NULL,
    type varchar(128) NOT NULL,
    payload text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    problem text
)""",
    f"CREATE INDEX IF NOT EXISTS {TABLE}_waiting ON {TABLE} (aggregatetype, position) WHERE problem IS NULL",
    f"CREATE INDEX IF NOT EXISTS {TABLE}_case ON {TABLE} (aggregatetype, aggregateid, position) WHERE problem IS NULL",
    f"""CREATE OR REPLACE FUNCTION {TABLE}_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('{CHANNEL}', '');
    RETURN NULL;
END $$""",
    f"""CREATE OR REPLACE TRIGGER {TABLE}_added AFTER INSERT ON {TABLE}
    FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_notify()""",
)
_SQLITE: Final = (
    f"""CREATE TABLE IF NOT EXISTS {TABLE} (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    aggregatetype TEXT NOT NULL,
    aggregateid TEXT NOT NULL,
    type TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    problem TEXT
)""",
    f"CREATE INDEX IF NOT EXISTS {TABLE}_waiting ON {TABLE} (aggregatetype, position) WHERE problem IS NULL",
)
_PLACEHOLDER: Final[dict[ParameterStyle, str]] = {"pyformat": "%({})s", "named": ":{}"}


class Database(StrEnum):
    """Where an outbox can be."""

    POSTGRESQL = "postgresql"
    SQLITE = "sqlite"


class Cursor(Protocol):
    """Whatever executes a statement within the caller's transaction: any DB-API cursor, or Django's."""

    def execute(self, statement: Any, parameters: Any, /) -> object:
        """Run one statement."""


def create_statements(database: Database) -> tuple[str, ...]:
    """The statements that make the table. Each may be run again: what is there stays as it is."""
    return _POSTGRESQL if database is Database.POSTGRESQL else _SQLITE


def insert_statement(style: ParameterStyle = "pyformat") -> str:
    """The statement that adds one event; its values are ``parameters(event)``."""
    values = ", ".join(_PLACEHOLDER[style].format(column) for column in _COLUMNS)
    return f"INSERT INTO {TABLE} ({', '.join(_COLUMNS)}) VALUES ({values})"  # noqa: S608 nothing but constants


def parameters(event: CaseEvent) -> dict[str, str]:
    """The row of ``event``. Pure. Raises ``InvalidEventError``: what is invalid must not get into the outbox.

    ``aggregatetype`` is the agency's OVO code, ``aggregateid`` the case id, ``payload`` the record's value as it is
    sent.
    """
    return {
        "id": event.id,
        "aggregatetype": event.agency,
        "aggregateid": event.subject,
        "type": event.type,
        "payload": encode_event(event).decode(),
    }


def add(cursor: Cursor, event: CaseEvent, *, style: ParameterStyle = "pyformat") -> None:
    """Write ``event`` to the outbox, in whatever transaction ``cursor`` is. It is sent once that commits.

    Raises ``InvalidEventError`` before anything is written, and the driver's own errors; an id that still waits in
    the outbox is an integrity error.
    """
    cursor.execute(insert_statement(style), parameters(event))
