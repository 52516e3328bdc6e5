"""The operator's commands of the stream stages, contributed to ``casebus``."""

from __future__ import annotations

from typing import Annotated

import typer

from casebus_producers.cli_groups import group
from casebus_streams.commands import agencies
from casebus_streams.commands.audit import list_entries, verify_log
from casebus_streams.commands.dead_letters import list_letters, replay, show
from casebus_streams.commands.doctor import doctor
from casebus_streams.commands.erase import erase
from casebus_streams.commands.merge import merge
from casebus_streams.commands.rebuild import rebuild
from casebus_streams.commands.reconcile import reconcile
from casebus_streams.commands.status import status
from casebus_streams.commands.topics import apply, plan
from casebus_streams.commands.verify import verify


def register(app: typer.Typer) -> None:
    """Add the commands of this part."""
    run = group(app, "run", "Run a service in the foreground.")
    run.command("streams")(run_streams)
    run.command("sources")(run_sources)
    topics = group(app, "topics", "The topics as they are declared, and what the broker has.")
    topics.command("plan")(plan)
    topics.command("apply")(apply)
    let_in = group(app, "agencies", "Who may publish on the bus.")
    let_in.command("add")(agencies.add)
    let_in.command("list")(agencies.list_agencies)
    let_in.command("disable")(agencies.disable)
    app.command("status")(status)
    app.command("doctor")(doctor)
    app.command("verify")(verify)
    app.command("reconcile")(reconcile)
    app.command("rebuild")(rebuild)
    app.command("erase")(erase)
    app.command("merge")(merge)
    audit = group(app, "audit", "What operators did, and whether the log of it is whole.")
    audit.command("list")(list_entries)
    audit.command("verify")(verify_log)
    letters = group(app, "dead-letters", "Records that no code could handle.")
    letters.command("list")(list_letters)
    letters.command("show")(show)
    letters.command("replay")(replay)


def run_streams(
    stages: Annotated[
        str, typer.Option(help="Which stages this worker runs, separated by commas.")
    ] = "intake,overviews",
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Run the stream stages, intake and overviews, exactly once, until SIGTERM or Ctrl-C.

    Start as many workers as you like: they share the partitions. /livez, /readyz and /metrics are on
    CASEBUS_STREAMS__METRICS_PORT. Exit code 0 after an orderly stop, 2 when a setting
    is missing or wrong, 3 when going on could have lost or corrupted something (the log says what).
    """
    from casebus_streams.commands.endings import operator_command
    from casebus_streams.run import run
    from casebus_streams.worker import STAGES

    chosen = tuple(stages.split(","))
    if not set(chosen) <= set(STAGES):
        raise typer.BadParameter(f"must be of {', '.join(STAGES)}", param_hint="--stages")
    _check_log_level(log_level)
    with operator_command(log_level=log_level, with_client_log=True):
        code = run(chosen)
    raise typer.Exit(code)


def run_sources(
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Judge how fresh each agency is, and tell when one falls silent, until SIGTERM or Ctrl-C.

    One worker is enough; others stand by. /livez, /readyz and /metrics are on CASEBUS_SOURCES__METRICS_PORT. Exit codes
    as for streams.
    """
    from casebus_streams.commands.endings import operator_command
    from casebus_streams.run import run_sources as run

    _check_log_level(log_level)
    with operator_command(log_level=log_level, with_client_log=True):
        code = run()
    raise typer.Exit(code)


def _check_log_level(log_level: str) -> None:
    from casebus_producers.logs import LEVELS

    if log_level not in LEVELS:
        raise typer.BadParameter(f"must be one of {', '.join(LEVELS)}", param_hint="--log-level")
