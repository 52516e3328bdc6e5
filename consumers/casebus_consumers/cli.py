"""The operator's commands of the services that read the bus, contributed to ``casebus``."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casebus_consumers.commands.sink import reset, status
from casebus_consumers.commands.tail import tail
from casebus_consumers.notifier.commands import list_messages, retry_failed
from casebus_producers.cli_groups import group

if TYPE_CHECKING:
    from casebus_producers.operator_reports import Finding, StatusSection

NEEDED = ("aiosmtplib", "babel", "granian", "httpx", "jinja2", "joserfc", "psycopg", "psycopg_pool", "starlette")


def register(app: typer.Typer) -> None:
    """Add ``run profile``, ``run notifier``, ``notifications``, ``tail`` and ``sink``.

    Raises ``ModuleNotFoundError`` when the extra is not installed.
    """
    for package in NEEDED:
        if importlib.util.find_spec(package) is None:
            raise ModuleNotFoundError(f"no package {package}: install casebus[consumers]", name=package)
    run = group(app, "run", "Run a service in the foreground.")
    run.command("profile")(run_profile)
    run.command("notifier")(run_notifier)
    app.command("tail")(tail)
    sink = group(app, "sink", "The databases that follow the bus.")
    sink.command("status")(status)
    sink.command("reset")(reset)
    notifications = group(app, "notifications", "Messages to citizens that were not sent.")
    notifications.command("list")(list_messages)
    notifications.command("retry")(retry_failed)


def status_sections(dsn_files: Sequence[Path]) -> Iterable[StatusSection]:
    """What ``casebus status`` shows of profile and notifier; see ``casebus_producers.operator_reports``."""
    from casebus_consumers.operator_reports.status import status_sections as sections

    return sections(dsn_files)


def doctor_findings(dsn_files: Sequence[Path]) -> Iterable[Finding]:
    """What ``casebus doctor`` finds of databases, identity provider and mail server."""
    from casebus_consumers.operator_reports.database_checks import database_findings
    from casebus_consumers.operator_reports.identity_checks import identity_findings
    from casebus_consumers.operator_reports.mail_checks import mail_findings

    yield from database_findings(dsn_files)
    yield from identity_findings()
    yield from mail_findings()


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


def run_notifier(
    plan: Annotated[
        bool, typer.Option(help="Plan notifications from changes in this process; without it, another one must.")
    ] = True,
    send: Annotated[bool, typer.Option(help="Send what is due in this process; without it, another one must.")] = True,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Tell citizens what changed in their cases, over the channels they chose, until SIGTERM or Ctrl-C.

    /livez, /readyz and /metrics on the operations port. Replicas share the work and the database. Exit code 0 after
    an orderly stop, 2 when a setting is missing or wrong, 1 after a failure (the log says what; start it again,
    nothing is lost).
    """
    from casebus_consumers.notifier.run import run

    raise typer.Exit(run(with_planner=plan, with_sender=send, log_level=log_level))
