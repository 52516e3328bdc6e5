"""The commands of the local stack, contributed to ``casebus``: ``demo`` and ``up``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_MISSING_TOOL = 2


def register(app: typer.Typer) -> None:
    """Add ``demo`` and ``up`` to the command."""
    app.command("demo")(demo)
    app.command("up")(up)


def demo(
    events: Annotated[int, typer.Option(help="How many records twelve simulated agencies publish.", min=100)] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same traffic.")] = 7,
    report: Annotated[Path, typer.Option(help="Where the figures go, as JSON.")] = Path("var/demo-report.json"),
) -> None:
    """Run the whole bus on this machine and prove that it keeps its promises.

    Starts a real Kafka and PostgreSQL, publishes invalid, repeated and late events among valid ones, and compares
    every overview, fetched over HTTP, with an independent computation. Exit code 0 only if all agree; 2 when
    something must be installed first.
    """
    from casebus_local.demo import run_demo
    from casebus_local.errors import MissingToolError

    try:
        code = run_demo(events, seed, report)
    except MissingToolError as missing:
        typer.echo(str(missing), err=True)
        code = _MISSING_TOOL
    raise typer.Exit(code)


def up(
    agency: Annotated[
        list[str] | None, typer.Option("--agency", help="An OVO code to make topics for; once for each.")
    ] = None,
    brokers: Annotated[int, typer.Option(help="1, or 3 for a cluster with replication.")] = 1,
    directory: Annotated[
        Path | None,
        typer.Option(help="Keeps the data for the next time; var/stack, or var/stack-secured, unless given."),
    ] = None,
    insz: Annotated[str, typer.Option(help="The citizen to log in; the default is made up.")] = "85073003328",
    *,
    secure: Annotated[
        bool, typer.Option("--secure", help="Kafka with TLS, a user for each service and agency, and ACLs.")
    ] = False,
) -> None:
    """Keep the whole stack serving until Ctrl-C, and print the addresses and a token.

    Everything listens on this machine's loopback addresses only. Exit code 2 when something must be installed first.
    """
    from casebus_local.errors import LocalStackError, MissingToolError
    from casebus_local.serving import serve

    if brokers not in (1, 3):
        raise typer.BadParameter("must be 1 or 3", param_hint="--brokers")
    try:
        serve(
            agency or ["OVO000001"],
            brokers=3 if brokers == 3 else 1,
            directory=directory or Path("var/stack-secured" if secure else "var/stack"),
            insz=insz,
            secure=secure,
        )
    except MissingToolError as missing:
        typer.echo(str(missing), err=True)
        raise typer.Exit(_MISSING_TOOL) from None
    except LocalStackError as failure:
        typer.echo(str(failure), err=True)
        raise typer.Exit(1) from None
