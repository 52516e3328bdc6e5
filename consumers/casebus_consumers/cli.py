"""The operator's command of the profile service, contributed to ``casebus``."""

from __future__ import annotations

import importlib.util
from typing import Annotated

import typer

from casebus_producers.cli_groups import group

NEEDED = ("granian", "joserfc", "psycopg", "psycopg_pool", "starlette")


def register(app: typer.Typer) -> None:
    """Add ``run profile`` to the command. Raises ``ModuleNotFoundError`` when the extra is not installed."""
    for package in NEEDED:
        if importlib.util.find_spec(package) is None:
            raise ModuleNotFoundError(f"no package {package}: install casebus[consumers]", name=package)
    group(app, "run", "Run a service in the foreground.").command("profile")(run_profile)


def run_profile(
    sink: Annotated[
        bool, typer.Option(help="Keep the overviews up to date in this process; without it, another one must.")
    ] = True,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Serve citizens' overviews over HTTP, and keep them up to date, until SIGTERM or Ctrl-C.

    GET /v1/overview on the public port; /livez, /readyz and /metrics on the operations port. Replicas share the work
    and the database. Exit code 0 after an orderly stop, 2 when a setting is missing or wrong, 1 after a failure (the
    log says what; start it again, nothing is lost).
    """
    from casebus_consumers.profile.run import run

    raise typer.Exit(run(with_sink=sink, log_level=log_level))
