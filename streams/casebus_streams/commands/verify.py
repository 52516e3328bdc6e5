"""``casebus verify``: the live overviews against the accepted log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import orjson
import typer

if TYPE_CHECKING:
    from casebus_streams.refold.comparison import Difference
    from casebus_streams.verification.verify import Verification

_MOST_LINES = 20


def verify(
    partition: Annotated[
        list[int] | None, typer.Option(help="Only this partition; may be given several times.")
    ] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document, with every difference.")] = False,
) -> None:
    """Recompute overviews from the accepted log and compare them byte for byte with the live ones.

    Holds up nobody and changes nothing; events may keep flowing. Exit code 0 when all are the same, 1 when some
    differ, 2 when it could not be done.
    """
    from casebus_producers.settings import AgencySettings
    from casebus_streams.commands.endings import DIFFERS, HOLDS, operator_command
    from casebus_streams.commands.progress import showing_progress
    from casebus_streams.verification.verify import as_json
    from casebus_streams.verification.verify import verify as run

    with operator_command(), showing_progress() as show:
        report = run(AgencySettings().kafka, partition or (), progress=lambda done, of: show("folded events", done, of))
    if json:
        typer.echo(orjson.dumps(as_json(report)))
    else:
        _print(report)
    raise typer.Exit(HOLDS if report.holds else DIFFERS)


def _print(report: Verification) -> None:
    typer.echo(
        f"{report.parties:,} overviews of {len(report.partitions)} partitions of {report.topic} against "
        f"{report.events:,} events in {report.seconds:.1f} s; {report.moved_on:,} moved on meanwhile."
    )
    if report.counters_only:
        typer.echo(
            f"{len(report.counters_only):,} differ in counters only: a case of theirs has outgrown its history, and "
            "the log no longer tells which events arrived before it did."
        )
    print_differences(report.differences)
    typer.echo("All are as the log says." if report.holds else f"{len(report.differences):,} are not as the log says.")


def print_differences(differences: list[Difference]) -> None:
    """The first of them, a line for each: the party, what is the matter, and in which fields."""
    for difference in differences[:_MOST_LINES]:
        typer.echo(f"{difference.party_ref}  {difference.finding}  {' '.join(difference.paths)}".rstrip())
    if len(differences) > _MOST_LINES:
        typer.echo(f"… and {len(differences) - _MOST_LINES:,} more; --json lists them all.")
