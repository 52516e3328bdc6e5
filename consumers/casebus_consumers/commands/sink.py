"""``casebus sink status|reset``: how far the databases are, and beginning one anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

from casebus_producers.audit.options import Reason, Ticket
from casebus_producers.commands.options import Json

if TYPE_CHECKING:
    from casebus_consumers.sink.offsets import Cursor

TABLES: Final = {"overviews": ("overviews",), "sources": ("sources",)}
"""The tables that each sink fills, by the topic it reads.

Not ``notifications``: the topic keeps them for 30 days, the table for 400, so that beginning anew would lose a year.
"""


def status(*, json: Json = False) -> None:
    """Show how far each topic is stored in the database. Exit code 0; 2 when the database cannot be reached."""
    import orjson

    from casebus_consumers.sink.reset import read_progress

    with _database() as cursor:
        found = read_progress(cursor)
    if json:
        typer.echo(orjson.dumps(found))
        return
    for topic in found:
        typer.echo(
            f"{topic.topic}  {topic.partitions} partitions  offsets {topic.offsets}  "
            f"stored between {topic.oldest:%Y-%m-%dT%H:%M:%SZ} and {topic.latest:%Y-%m-%dT%H:%M:%SZ}"
        )


def reset(
    sink: Annotated[str, typer.Argument(metavar="SINK", help="What to begin anew: overviews or sources.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it, only say what would be done.")] = False,
    reason: Reason = None,
    ticket: Ticket = None,
) -> None:
    """Empty a sink's tables and let it read its topic from the beginning, also while it runs.

    Until overviews have caught up, citizens whose own is not stored again yet look as if they had no cases: close the
    page first. Nothing is lost, since the topic has it all. Exit code 0; 2 when it could not be done, or without --yes.
    """
    from casebus_consumers.sink.reset import reset as reset_sink
    from casebus_producers.audit.act import Auditor, Why
    from casebus_producers.audit.settings import AuditSettings
    from casebus_producers.commands.exits import Exit, errors_end_the_command
    from casebus_producers.settings import AgencySettings

    if sink not in TABLES:
        raise typer.BadParameter(f"must be one of {', '.join(TABLES)}", param_hint="SINK")
    tables = TABLES[sink]
    with errors_end_the_command():
        topic = f"{AgencySettings().kafka.topic_prefix}.{sink}"
    if not yes:
        typer.echo(f"casebus: would empty {', '.join(tables)} and read {topic} from the beginning: add --yes", err=True)
        raise typer.Exit(Exit.PREREQUISITE)
    with (
        errors_end_the_command(),
        Auditor(AuditSettings()).act("sink.reset", Why(reason, ticket), {"sink": sink}),
        _database() as cursor,
    ):
        partitions = reset_sink(cursor, topic, tables)
    typer.echo(f"emptied {', '.join(tables)}; {topic} is read from the beginning ({partitions} partitions)")


@contextmanager
def _database() -> Iterator[Cursor]:
    """A transaction on the database that the environment names."""
    import psycopg

    from casebus_consumers.commands.sink_settings import SinkSettings
    from casebus_producers.commands.exits import Exit, errors_end_the_command

    with errors_end_the_command():
        settings = SinkSettings()
    try:
        with psycopg.connect(settings.database.read(), connect_timeout=10) as connection, connection.cursor() as cursor:
            cursor.execute("SET TIME ZONE 'UTC'")
            yield cursor
    except (psycopg.Error, ValueError) as error:
        typer.echo(f"casebus: database: {str(error).partition(chr(10))[0]}", err=True)
        raise typer.Exit(Exit.PREREQUISITE) from None
