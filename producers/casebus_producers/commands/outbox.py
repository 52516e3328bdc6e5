"""``casebus outbox init|relay|status``: events that were written in the agency's own database transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from casebus_producers.commands.options import Agency, Json

Print = Annotated[bool, typer.Option("--print", help="Print the statements instead, for your own migrations.")]
Once = Annotated[bool, typer.Option("--once", help="End when nothing waits any more.")]
MetricsPort = Annotated[
    int | None, typer.Option(metavar="PORT", help="Serve metrics for Prometheus on this port, on localhost.")
]


def init(*, only_print: Print = False) -> None:
    """Make the outbox table in the database that CASEBUS_OUTBOX__DATABASE names, unless it is there.

    Exit code 0; 2 when the database cannot be used.
    """
    from casebus_producers.outbox import create_statements
    from casebus_producers.outbox.opening import database_of, open_store
    from casebus_producers.outbox.settings import OutboxSettings

    with _outbox_command():
        address = OutboxSettings().outbox.address()
        if only_print:
            typer.echo(";\n\n".join(create_statements(database_of(address))) + ";")
            return
        store = open_store(address, agency="")
        store.create()
        store.close()
    typer.echo("the table casebus_outbox is there")


def relay(agency: Agency, *, once: Once = False, metrics_port: MetricsPort = None) -> None:
    """Send the agency's events from its outbox to the bus, and delete what Kafka has confirmed.

    Runs until SIGTERM or Ctrl-C. Start several of them if you like: the events of a case stay in order. While Kafka
    or the database is away it waits. Exit code 0 after an orderly end, 2 when a setting, the table or the topic is
    missing.
    """
    from casebus_producers.logs import configure_logging
    from casebus_producers.outbox.run import run_relay
    from casebus_producers.outbox.settings import OutboxSettings

    configure_logging()
    with _outbox_command():
        run_relay(OutboxSettings(), agency=agency, once=once, metrics_port=metrics_port)


def status(agency: Agency, *, as_json: Json = False) -> None:
    """Tell how many events wait in the outbox, and how many rows were refused.

    Exit code 0; 1 when rows were refused; 2 when the database cannot be used.
    """
    import orjson

    from casebus_producers.outbox.opening import open_store
    from casebus_producers.outbox.settings import OutboxSettings

    with _outbox_command():
        store = open_store(OutboxSettings().outbox.address(), agency=agency)
        waiting, refused = store.waiting()
        store.close()
    found = {"agency": agency, "waiting": waiting, "refused": refused}
    typer.echo(orjson.dumps(found).decode() if as_json else f"{agency}: {waiting:,} waiting, {refused:,} refused")
    raise typer.Exit(1 if refused else 0)


@contextmanager
def _outbox_command() -> Iterator[None]:
    """As every command ends; an outbox that cannot be used is a missing prerequisite."""
    from casebus_producers.commands.exits import Exit, errors_end_the_command
    from casebus_producers.outbox import OutboxError

    with errors_end_the_command():
        try:
            yield
        except OutboxError as error:
            typer.echo(f"casebus: {error}", err=True)
            raise typer.Exit(Exit.PREREQUISITE) from None
