"""``casebus status``: how the bus is doing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer


def status(
    database: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="File with a PostgreSQL connection string, once for each service; else CASEBUS_DATABASE__DSN counts.",
        ),
    ] = None,
    *,
    once: Annotated[bool, typer.Option("--once", help="Print it once, also on a terminal.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show topics, who reads them and how far behind they are, dead letters, silent agencies, databases, notifications.

    On a terminal it is renewed every two seconds until q or Ctrl-C. Needs the right to describe topics and groups and
    to read dead-letters and sources; what else is not to be seen is left out, and says so. Exit code 0; 2 when Kafka
    cannot be asked.
    """
    from casebus_producers.settings import AgencySettings
    from casebus_streams.commands.endings import operator_command
    from casebus_streams.status.as_json import as_json
    from casebus_streams.status.live import watch
    from casebus_streams.status.observer import Observer
    from casebus_streams.status.screen import print_once

    with operator_command(log_level="critical"), Observer(AgencySettings().kafka, database or ()) as observer:
        if json:
            typer.echo(orjson.dumps(as_json(observer.look())))
        elif once or not (sys.stdout.isatty() and sys.stdin.isatty()):
            print_once(observer.look())
        else:
            watch(observer)
