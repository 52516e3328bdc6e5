"""``casebus erase``: a party goes from every topic and table; ``--check`` proves it."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from casebus_producers.audit.options import Reason, Ticket

if TYPE_CHECKING:
    from casebus_schemas import PartyKind
    from casebus_streams.erasure.erasure import Erasure
    from casebus_streams.erasure.holdings import Holding
    from casebus_streams.erasure.report import ErasureReport
    from casebus_streams.erasure.settings import ErasureSettings
    from casebus_streams.erasure.subject import Subject


def erase(
    party_ref: Annotated[
        str | None,
        typer.Option(metavar="REF", help="The pseudonym, instead of the number.", show_default=False),
    ] = None,
    kind: Annotated[
        str, typer.Option(help="Whose number it is: citizen, enterprise, establishment or association.")
    ] = "citizen",
    reason: Reason = None,
    ticket: Ticket = None,
    receipt: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the signed receipt there; with --check, the receipt to check.",
            show_default=False,
        ),
    ] = None,
    database: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="File with a PostgreSQL connection string: once for the profile service's, once for the notifier's.",
            show_default=False,
        ),
    ] = None,
    patience_seconds: Annotated[float, typer.Option(help="How long to wait for each service to follow.", min=1)] = 60,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it, only say what would be erased.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only look, in every topic and table, for what is still there.")
    ] = False,
    without_databases: Annotated[
        bool, typer.Option("--without-databases", help="Go on although no database is named to look into.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Erase everything about a party. The number is read from standard input, never from the command line.

    Without --yes it only says what there is. With it, events in the accepted log, the overview, preferences, rows of
    the profile service and the notifier, and pending messages go; other parties to the same cases keep theirs. May be
    stopped or killed at any point and run again with the same number. --reason and --ticket are needed, and go to the
    audit log. Exit code 0 when all is erased, or nothing is left; 1 when a service has not confirmed, or --check finds
    something; 2 when it could not be done.
    """
    from casebus_streams.commands.endings import DIFFERS, HOLDS, operator_command
    from casebus_streams.commands.progress import showing_progress
    from casebus_streams.erasure.databases import Databases
    from casebus_streams.erasure.erasure import Erasure
    from casebus_streams.erasure.settings import ErasureSettings

    if yes and check:
        raise typer.BadParameter("choose one of --yes and --check")
    if yes and not (reason and ticket):
        raise typer.BadParameter("say why: --reason and --ticket")
    if yes and receipt is None:
        raise typer.BadParameter("name a file for the receipt", param_hint="--receipt")
    with operator_command():
        settings = ErasureSettings()
        databases = Databases(database or ())
        _check_prerequisites(settings, receipt, yes=yes, has_databases=bool(databases) or without_databases)
        subject = _subject(party_ref, _kind(kind), settings)
        with showing_progress() as show:
            erasure = Erasure(settings, subject, databases, progress=lambda done, of: show("records read", done, of))
            if yes and receipt is not None:
                is_good = _run(erasure, settings, reason, ticket, receipt, patience_seconds, json=json)
            elif check:
                is_good = _check(erasure, settings, receipt, json=json)
            else:
                is_good = _survey(erasure, json=json)
    raise typer.Exit(HOLDS if is_good else DIFFERS)


def _run(
    erasure: Erasure,
    settings: ErasureSettings,
    reason: str | None,
    ticket: str | None,
    receipt: Path,
    patience_seconds: float,
    *,
    json: bool,
) -> bool:
    from casebus_producers.audit.act import Auditor, Why
    from casebus_producers.audit.settings import AuditSettings
    from casebus_streams.erasure.receipt import signed_receipt

    auditor = Auditor(AuditSettings())
    with auditor.act("erase", Why(reason, ticket)) as act:
        report = erasure.run(
            patience_seconds=patience_seconds, step=lambda step: typer.echo(f"casebus: {step}", err=True)
        )
        act.came_of_it = {"erasure": report.erasure_id, "complete": str(report.is_complete).lower()}
    if json:
        typer.echo(orjson.dumps(report.as_json()))
    else:
        _print(report)
    if report.is_complete:
        signed = signed_receipt(
            report,
            erasure.subject,
            settings.erasure.receipt_key(),
            ticket=ticket or "",
            audit_entry=act.last_entry,
        )
        _write_receipt(receipt, signed)
        typer.echo(f"casebus: the receipt is in {receipt}", err=True)
    return report.is_complete


def _survey(erasure: Erasure, *, json: bool) -> bool:
    held, rows = erasure.survey()
    if json:
        typer.echo(orjson.dumps({"topics": [each.as_json() for each in held], "rows": rows}))
        return True
    for each in held:
        typer.echo(f"{each.topic}  {each.records:,} records  {each.live:,} to be erased")
    for table, number in rows.items():
        if number:
            typer.echo(f"{table}  {number:,} rows")
    typer.echo(f"{len(erasure.subject.party_refs):,} pseudonyms. Nothing was changed: --yes erases.")
    return True


def _check(erasure: Erasure, settings: ErasureSettings, receipt: Path | None, *, json: bool) -> bool:
    from casebus_streams.erasure.receipt import checked_receipt

    since = None
    if receipt is not None:
        said = checked_receipt(receipt.read_bytes(), erasure.subject, settings.erasure.receipt_key())
        since = datetime.fromisoformat(said["ended_at"])
    held, rows = erasure.check(since=since)
    has_come_back = any(each.since for each in held)  # rows have no date by which to tell old from new
    is_good = (not rows or has_come_back) and all(each.live == each.since for each in held)
    if json:
        found: dict[str, Any] = {"erased": is_good, "topics": [each.as_json() for each in held], "rows": rows}
        typer.echo(orjson.dumps(found))
        return is_good
    for each in held:
        typer.echo(_trace(each))
    for table, number in rows.items():
        typer.echo(f"{table}  {number:,} rows: {'perhaps of what came since' if has_come_back else 'not erased'}")
    typer.echo("Nothing is left that an erasure can reach." if is_good else "Not erased: casebus erase --yes.")
    return is_good


def _trace(held: Holding) -> str:
    left = held.live - held.since
    state = f"{left:,} not erased" if left else "deleted, or kept for its time"
    new = f"; {held.since:,} came since the erasure" if held.since else ""
    until = "for ever" if held.gone_by is None else f"until {held.gone_by:%Y-%m-%dT%H:%M:%SZ} at the latest"
    return f"{held.topic}  {held.records:,} records: {state}{new}; bytes there {until}"


def _print(report: ErasureReport) -> None:
    for each in report.deletions:
        earlier = f", {each.deleted_earlier:,} earlier" if each.deleted_earlier else ""
        gone = "" if each.gone_by is None else f"; bytes gone by {each.gone_by:%Y-%m-%d}"
        typer.echo(f"- {each.place}  {each.deleted:,} deleted{earlier}{gone}")
    for left in report.remainders:
        until = "nobody here can say until when" if left.until is None else f"until {left.until:%Y-%m-%d}"
        typer.echo(f"  {left.place}  {left.what}: {until}")
    for table, number in report.unconfirmed.items():
        typer.echo(f"! {table}  {number:,} rows are still there: its service has not followed. Run this again.")


def _check_prerequisites(settings: ErasureSettings, receipt: Path | None, *, yes: bool, has_databases: bool) -> None:
    """Before anything happens: what would be missed at the end."""
    from casebus_streams.errors import StopError

    if not has_databases:
        raise StopError(
            "no database to look into: name those of profile and notifier with --database, or say --without-databases"
        )
    if yes and receipt is not None:
        settings.erasure.receipt_key()
        if receipt.exists():
            raise StopError(f"{receipt} is there already")


def _kind(text: str) -> PartyKind:
    from casebus_schemas import PartyKind

    try:
        return PartyKind(text)
    except ValueError:
        raise typer.BadParameter(f"must be one of {', '.join(PartyKind)}", param_hint="--kind") from None


def _subject(party_ref: str | None, kind: PartyKind, settings: ErasureSettings) -> Subject:
    from casebus_streams.erasure.subject import subject_of_number, subject_of_ref

    if party_ref is not None:
        return subject_of_ref(party_ref)
    text = typer.prompt("Number", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
    return subject_of_number(text, kind, settings.pseudonym.read())


def _write_receipt(path: Path, receipt: dict[str, Any]) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(orjson.dumps(receipt, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
