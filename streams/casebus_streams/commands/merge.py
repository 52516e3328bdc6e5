"""``casebus merge``: two parties turn out to be one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from casebus_producers.audit.options import Reason, Ticket

if TYPE_CHECKING:
    from casebus_streams.merge.report import MergeReport
    from casebus_streams.merge.settings import MergeSettings


def merge(
    source: Annotated[
        str | None, typer.Option("--from", metavar="REF", help="The party that goes.", show_default=False)
    ] = None,
    target: Annotated[
        str | None, typer.Option("--to", metavar="REF", help="The party that stays.", show_default=False)
    ] = None,
    kind: Annotated[
        str, typer.Option(help="Whose numbers they are: citizen, enterprise, establishment or association.")
    ] = "citizen",
    patience_seconds: Annotated[float, typer.Option(help="How long to wait for the overviews stage.", min=1)] = 60,
    reason: Reason = None,
    ticket: Ticket = None,
    *,
    numbers: Annotated[
        bool,
        typer.Option("--numbers", help="Read two lines from standard input instead: the old number, then the new one."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be moved.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Move everything that the bus knows of one party to another: a BIS number became a national number.

    Nobody is notified of what moves; what agencies send for the old number from now on arrives at the new one. May be
    stopped or killed at any point, and run again to end it. Exit code 0 when it is done, 2 when it could not be: the
    party was merged into another one, or the overviews stage does not follow.
    """
    from casebus_producers.audit.act import Auditor, Why
    from casebus_producers.audit.settings import AuditSettings
    from casebus_streams.commands.endings import operator_command
    from casebus_streams.commands.progress import showing_progress
    from casebus_streams.merge.merge import Merge
    from casebus_streams.merge.settings import MergeSettings

    if numbers == (source is not None) or numbers == (target is not None):
        raise typer.BadParameter("give --from and --to, or --numbers")
    with operator_command(), showing_progress() as show:
        settings = MergeSettings()
        old, new = _numbers(settings, kind) if numbers else _references(source or "", target or "")
        work = Merge(settings.kafka, old, new, progress=lambda done: show("records read", done, done))
        if dry_run:
            report = work.plan()
        else:
            with Auditor(AuditSettings()).act("merge", Why(reason, ticket)) as act:
                report = work.run(
                    patience_seconds=patience_seconds, step=lambda step: typer.echo(f"casebus: {step}", err=True)
                )
                act.came_of_it = {"moved": str(report.moved), "deleted": str(report.deleted)}
    if json:
        typer.echo(orjson.dumps(report.as_json()))
    else:
        _print(report, dry_run=dry_run)


def _print(report: MergeReport, *, dry_run: bool) -> None:
    if dry_run:
        done = "has been merged already, and " if report.is_merged else ""
        typer.echo(f"The party {done}has {report.to_move:,} events to move to {report.into}. Nothing was changed.")
        return
    typer.echo(f"{report.moved:,} events moved to {report.into}, {report.deleted:,} deleted under the old party.")
    if report.preferences == "kept":
        typer.echo("Once the notifier has caught up, run this again: it then deletes the old party's preferences.")


def _references(source: str, target: str) -> tuple[str, str]:
    from casebus_streams.erasure.subject import subject_of_ref

    return subject_of_ref(source).party_refs[0], subject_of_ref(target).party_refs[0]


def _numbers(settings: MergeSettings, kind: str) -> tuple[str, str]:
    from casebus_schemas import PartyKind
    from casebus_streams.erasure.subject import subject_of_number

    if kind not in [each.value for each in PartyKind]:
        raise typer.BadParameter(f"must be one of {', '.join(PartyKind)}", param_hint="--kind")
    pepper = settings.pseudonym.read()
    old, new = (
        subject_of_number(_line(name), PartyKind(kind), pepper).party_refs[0] for name in ("Old number", "New number")
    )
    return old, new


def _line(name: str) -> str:
    return str(typer.prompt(name, hide_input=True, err=True)) if sys.stdin.isatty() else sys.stdin.readline()
