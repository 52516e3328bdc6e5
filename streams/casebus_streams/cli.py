"""The operator's commands of the stream stages, contributed to ``casebus``."""

from __future__ import annotations

from typing import Annotated

import typer

from casebus_producers.cli_groups import group
from casebus_streams.commands.topics import apply, plan


def register(app: typer.Typer) -> None:
    """Add ``run streams`` and ``topics`` to the command."""
    group(app, "run", "Run a service in the foreground.").command("streams")(run_streams)
    topics = group(app, "topics", "The topics as they are declared, and what the broker has.")
    topics.command("plan")(plan)
    topics.command("apply")(apply)


def run_streams(
    stages: Annotated[
        str, typer.Option(help="Which stages this worker runs, separated by commas.")
    ] = "intake,overviews",
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Run the stream stages, intake and overviews, exactly once, until SIGTERM or Ctrl-C.

    Start as many workers as you like: they share the partitions. Exit code 0 after an orderly stop, 3 when going on
    could have lost or corrupted something (the log says what).
    """
    from casebus_streams.run import run

    raise typer.Exit(run(tuple(stages.split(",")), log_level=log_level))
