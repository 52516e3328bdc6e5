"""``casebus notifications list|retry``: messages that were not sent, and another try."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final, Literal
from uuid import UUID

import typer

from casebus_producers.audit.options import Reason, Ticket

if TYPE_CHECKING:
    from casebus_consumers.sink.offsets import Cursor

NOTHING_FOUND, IMPOSSIBLE = 1, 2
GIVE_UP_HOURS: Final = 24

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def list_messages(
    state: Annotated[
        Literal["failed", "sending"], typer.Option(help="failed, or sending: under way or to be tried again.")
    ] = "failed",
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the oldest first.")] = 1000,
    *,
    json: AsJson = False,
) -> None:
    """List messages that were not sent: which cases they are about and why, never to whom.

    Exit code 0; 2 when the database cannot be read.
    """
    import dataclasses

    import orjson

    from casebus_consumers.notifier.operator_store import unsent_messages

    with _database() as cursor:
        found = unsent_messages(cursor, state, limit)
    if json:
        typer.echo(orjson.dumps([dataclasses.asdict(message) for message in found]))
        return
    for message in found:
        cases = ", ".join(message.cases)
        typer.echo(
            f"{message.id}  {message.created_at:%Y-%m-%dT%H:%M:%SZ}  {message.channel}  {message.failures} failures"
            f"  {message.reason or '-'}  {cases}"
        )


def retry_failed(
    ids: Annotated[list[UUID] | None, typer.Argument(help="Messages, as the list names them.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All failed messages.")] = False,
    reason: Reason = None,
    ticket: Ticket = None,
    json: AsJson = False,
) -> None:
    """Try failed messages again, for another 24 hours. Those whose cases moved on are cancelled instead.

    Exit code 0; 1 when none of them is there and failed; 2 when the database cannot be reached or neither messages
    nor --all are given.
    """
    from datetime import UTC, datetime, timedelta

    import orjson

    from casebus_consumers.notifier.operator_store import retry_messages
    from casebus_producers.audit.act import Auditor, Why
    from casebus_producers.audit.settings import AuditSettings
    from casebus_producers.commands.exits import errors_end_the_command
    from casebus_schemas.national_number import redact

    if bool(ids) == everything:
        typer.echo("casebus: name messages or say --all, one of the two", err=True)
        raise typer.Exit(IMPOSSIBLE)
    # One in thirty ids holds digits that read as a national number, which the audit log takes from nobody.
    which = {"messages": "all failed" if ids is None else redact(" ".join(map(str, ids)))[:500]}
    with (
        errors_end_the_command(),
        Auditor(AuditSettings()).act("notifications.retry", Why(reason, ticket), which) as act,
        _database() as cursor,
    ):
        revived = retry_messages(
            cursor, None if everything else ids, datetime.now(UTC), give_up_after=timedelta(hours=GIVE_UP_HOURS)
        )
        act.came_of_it = {"retried": str(len(revived))}
    if json:
        typer.echo(orjson.dumps({"retried": revived}))
    else:
        typer.echo(f"{len(revived)} to be tried again")
    if not revived:
        raise typer.Exit(NOTHING_FOUND)


@contextmanager
def _database() -> Iterator[Cursor]:
    """A transaction; what is foreseen to go wrong ends the command with one line."""
    import psycopg

    from casebus_consumers.notifier.settings import OperatorSettings

    try:
        with psycopg.connect(OperatorSettings().database.read()) as connection, connection.cursor() as cursor:
            yield cursor
    except (ValueError, OSError, psycopg.Error) as error:
        typer.echo(f"casebus: {str(error).partition(chr(10))[0]}", err=True)
        raise typer.Exit(IMPOSSIBLE) from None
