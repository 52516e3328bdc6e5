"""``casebus dead-letters list|show|replay``: what no code could handle, and once more when it can."""

from __future__ import annotations

import base64
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from casebus_producers.audit.options import Reason as Because
from casebus_producers.audit.options import Ticket

if TYPE_CHECKING:
    from casebus_streams.dead_letter_log import FiledLetter, LetterFilter

Reason = Annotated[str | None, typer.Option(help="Only those with this reason.")]
Stage = Annotated[str | None, typer.Option(help="Only those of this stage.")]
Since = Annotated[str | None, typer.Option(help="Only of records received since, as 2026-11-24T12:00:00+01:00.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def list_letters(reason: Reason = None, stage: Stage = None, since: Since = None, *, json: AsJson = False) -> None:
    """List the dead letters, never what is in them. Exit code 0; 2 when it could not be done."""
    from casebus_producers.settings import AgencySettings
    from casebus_streams.commands.endings import operator_command
    from casebus_streams.dead_letter_log import DeadLetterLog

    wanted = _filter(reason, stage, since)
    with operator_command():
        found = DeadLetterLog(AgencySettings().kafka).letters(wanted)
        if json:
            typer.echo(orjson.dumps([_about(filed) for filed in found]))
            return
        for filed in found:
            place = filed.letter.position
            attempt = f"  attempt {filed.letter.attempt}" if filed.letter.attempt > 1 else ""
            typer.echo(
                f"{filed.name:<10} {filed.received_at:%Y-%m-%dT%H:%M:%SZ}  {filed.letter.stage}  {filed.letter.reason}"
                f"  {place.topic}[{place.partition}]@{place.offset}{attempt}"
            )


def show(
    letter: Annotated[str, typer.Argument(help="As the list names it: partition:offset.")],
    *,
    original: Annotated[
        bool, typer.Option("--original", help="Also the record itself. It may hold national numbers.")
    ] = False,
    because: Because = None,
    ticket: Ticket = None,
    json: AsJson = False,
) -> None:
    """Show one dead letter, with --original also the record that it is about: that is written to the audit log.

    The record's value then goes to standard output as it is, and all else to standard error; with --json, key and
    value are in base64. Exit code 0; 2 when it could not be done.
    """
    from casebus_producers.audit.act import Auditor, Why
    from casebus_producers.audit.settings import AuditSettings
    from casebus_producers.settings import AgencySettings
    from casebus_streams.commands.endings import operator_command
    from casebus_streams.dead_letter_log import DeadLetterLog

    with operator_command():
        letters = DeadLetterLog(AgencySettings().kafka)
        filed = letters.letter(letter)
        about, record = _about(filed), None
        if original:
            with Auditor(AuditSettings()).act("dead-letters.show", Why(because, ticket), {"letter": filed.name}):
                record = letters.original(filed.letter)
    if json:
        if record is not None:
            about |= {"key": _base64(record.key), "original": _base64(record.value)}
        typer.echo(orjson.dumps(about))
        return
    for name, value in about.items():
        typer.echo(f"{name:<12} {value}", err=original)
    if record is not None:
        sys.stdout.buffer.write(record.value or b"")


def replay(
    letters: Annotated[list[str] | None, typer.Argument(help="As the list names them: partition:offset.")] = None,
    reason: Reason = None,
    stage: Stage = None,
    since: Since = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which would be replayed.")] = False,
    because: Because = None,
    ticket: Ticket = None,
    json: AsJson = False,
) -> None:
    """Send the records of dead letters once more to the topics they came from: those named, or all of a --reason.

    Safe to repeat: no event counts twice. Exit code 0 when all were sent; 1 when some could not be; 2 when it could
    not be done at all.
    """
    from casebus_producers.audit.act import Auditor, Why
    from casebus_producers.audit.settings import AuditSettings
    from casebus_producers.settings import AgencySettings
    from casebus_streams.commands.endings import DIFFERS, HOLDS, operator_command
    from casebus_streams.dead_letter_log import DeadLetterLog
    from casebus_streams.dead_letter_replay import Replay

    if bool(letters) == (reason is not None):
        raise typer.BadParameter("name letters, or give a --reason")
    wanted = _filter(reason, stage, since)
    chosen: list[str] = []
    with operator_command(log_level="info"), ExitStack() as stack:
        kafka = AgencySettings().kafka
        log = DeadLetterLog(kafka)
        if not dry_run:
            auditor = Auditor(AuditSettings())
            what = {"letters": " ".join(letters)[:500]} if letters else {"letters-with-reason": str(reason)}
            act = stack.enter_context(auditor.act("dead-letters.replay", Why(because, ticket), what))
        with Replay(kafka, log) as run:
            for filed in map(log.letter, letters) if letters else log.letters(wanted):
                chosen.append(filed.name)
                if not dry_run:
                    run.replay(filed)
        if not dry_run:
            act.came_of_it = {"replayed": str(run.replayed), "failed": str(len(run.failed))}
    if json:
        typer.echo(orjson.dumps({"chosen": chosen, "replayed": run.replayed, "failed": run.failed}))
    else:
        typer.echo(f"{len(chosen):,} chosen, {run.replayed:,} replayed, {len(run.failed):,} could not be.")
    raise typer.Exit(DIFFERS if run.failed else HOLDS)


def _filter(reason: str | None, stage: str | None, since: str | None) -> LetterFilter:
    from casebus_streams.commands.since import moment
    from casebus_streams.dead_letter_log import LetterFilter

    return LetterFilter(reason, stage, None if since is None else moment(since))


def _about(filed: FiledLetter) -> dict[str, Any]:
    letter, place = filed.letter, filed.letter.position
    return {
        "letter": filed.name,
        "received_at": filed.received_at.isoformat(),
        "stage": letter.stage,
        "reason": letter.reason,
        "error": letter.error,
        "attempt": letter.attempt,
        "topic": place.topic,
        "partition": place.partition,
        "offset": place.offset,
    }


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()
