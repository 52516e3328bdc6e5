"""``casebus reconcile``: whether every submitted event has its answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from casebus_producers.audit.options import Reason, Ticket

if TYPE_CHECKING:
    from casebus_streams.reconciliation.expectation import Submission
    from casebus_streams.reconciliation.reconcile import Reconciliation

_MOST_LINES = 20


def reconcile(
    agency: Annotated[
        list[str] | None,
        typer.Option(metavar="OVO", help="Only this agency; may be given several times.", show_default=False),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Only what was submitted since, as 2026-11-24T12:00:00+01:00; else all that is kept.",
            show_default=False,
        ),
    ] = None,
    *,
    set_aside: Annotated[
        bool, typer.Option("--set-aside", help="Make a dead letter of each that has no answer, to be replayed.")
    ] = False,
    reason: Reason = None,
    ticket: Ticket = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document, with every event.")] = False,
) -> None:
    """Look for events that an agency submitted, that intake has passed, and that are neither accepted nor refused.

    There should never be one. Decides on each event once more, with the pepper and the link hosts of the workers, and
    looks for what must then be there. Holds up nobody; events may keep flowing. Exit code 0 when all are answered, 1
    when some are not, 2 when it could not be done.
    """
    from casebus_producers.audit.act import Auditor, Why
    from casebus_producers.audit.settings import AuditSettings
    from casebus_streams.commands.endings import DIFFERS, HOLDS, operator_command
    from casebus_streams.commands.progress import showing_progress
    from casebus_streams.commands.since import moment
    from casebus_streams.reconciliation.expectation import IntakeRules
    from casebus_streams.reconciliation.reconcile import Reconciler
    from casebus_streams.reconciliation.set_aside import set_aside as write_letters
    from casebus_streams.settings import StreamsSettings

    start = None if since is None else moment(since)
    with operator_command():
        settings = StreamsSettings()
        rules = IntakeRules(settings.pseudonym.read(), settings.streams.partitions, settings.streams.link_hosts)
        with showing_progress() as show:
            reconciler = Reconciler(
                settings.kafka, rules, since=start, progress=lambda done, of: show("records read", done, of)
            )
            report = reconciler.run(agency or ())
        letters = 0
        if set_aside and report.unanswered:
            with Auditor(AuditSettings()).act("reconcile.set-aside", Why(reason, ticket)) as act:
                letters = write_letters(settings.kafka, report.unanswered)
                act.came_of_it = {"letters": str(letters)}
    if json:
        typer.echo(orjson.dumps(_as_json(report, letters)))
    else:
        _print(report, letters)
    raise typer.Exit(HOLDS if report.holds else DIFFERS)


def _print(report: Reconciliation, letters: int) -> None:
    typer.echo(
        f"{report.events:,} events of {report.agencies:,} agencies in {report.seconds:.1f} s: {report.accepted:,} "
        f"accepted, {report.refused:,} rejected or set aside."
    )
    for each in report.unanswered[:_MOST_LINES]:
        typer.echo(_line(each))
    if len(report.unanswered) > _MOST_LINES:
        typer.echo(f"… and {len(report.unanswered) - _MOST_LINES:,} more; --json lists them all.")
    typer.echo("All are answered." if report.holds else f"{len(report.unanswered):,} have no answer.")
    if letters:
        typer.echo(f"{letters:,} set aside: casebus dead-letters replay --reason intake.unanswered")


def _line(each: Submission) -> str:
    place = each.position
    missing = f"{each.missing} of {each.parties} parties" if each.parties else "not refused"
    names = f"{each.case_id or '?'}  {each.event_id or '?'}"
    return f"{place.topic}[{place.partition}]@{place.offset}  {_time(each)}  {names}  {missing}"


def _time(each: Submission) -> str:
    return f"{datetime.fromtimestamp(each.submitted_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _as_json(report: Reconciliation, letters: int) -> dict[str, Any]:
    return {
        "holds": report.holds,
        "agencies": report.agencies,
        "events": report.events,
        "accepted": report.accepted,
        "refused": report.refused,
        "set_aside": letters,
        "seconds": round(report.seconds, 3),
        "unanswered": [
            {
                "agency": each.agency,
                "case_id": each.case_id,
                "event_id": each.event_id,
                "topic": each.position.topic,
                "partition": each.position.partition,
                "offset": each.position.offset,
                "submitted_at": _time(each),
                "parties": each.parties,
                "missing": each.missing,
            }
            for each in report.unanswered
        ],
    }
