"""``casebus audit list|verify``: what operators did, and whether the log of it is whole."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

if TYPE_CHECKING:
    from casebus_schemas import AuditEntry


def list_entries(
    act: Annotated[str | None, typer.Option(help="Only acts of this name: erase, rebuild, agencies.add.")] = None,
    ticket: Annotated[str | None, typer.Option(help="Only acts for this ticket.")] = None,
    *,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON document per line, as it is kept: what verify reads.")
    ] = False,
) -> None:
    """Show who did what, when and why, the oldest first.

    With --json and nothing else it is an export that ``casebus audit verify FILE`` checks without Kafka. Exit code 0;
    2 when the log cannot be read.
    """
    from casebus_producers.audit.log import AuditLog
    from casebus_producers.settings import AgencySettings
    from casebus_schemas import AuditEntry, decode
    from casebus_streams.commands.endings import operator_command

    with operator_command():
        for line in AuditLog(AgencySettings().kafka).lines():
            entry = decode(AuditEntry, line)
            if act in (None, entry.act) and ticket in (None, entry.ticket):
                sys.stdout.write((line.decode() if json else _line(entry)) + "\n")


def verify_log(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="An exported log; without it, the one in Kafka.", show_default=False),
    ] = None,
    anchor: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SEQUENCE:HASH",
            help="A line as it was once seen: the head of an earlier verify, or the audit line of a receipt.",
            show_default=False,
        ),
    ] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Find lines that were changed, removed or reordered; with --anchor, also an end that was cut off or a new chain.

    Prints the head of the log: keep it where operators cannot write. Exit code 0 when the log is whole, 1 when it is
    not, 2 when it cannot be read.
    """
    from casebus_producers.audit.log import AuditLog
    from casebus_producers.settings import AgencySettings
    from casebus_streams.audit.verification import lines_of, verify_lines
    from casebus_streams.commands.endings import DIFFERS, HOLDS, operator_command

    anchors = dict(map(_anchor, anchor or ()))
    with operator_command():
        lines = AuditLog(AgencySettings().kafka).lines() if file is None else lines_of(file)
        found = verify_lines(lines, anchors)
    if json:
        typer.echo(orjson.dumps(found.as_json()))
    else:
        for broken in found.breaks:
            typer.echo(f"line {broken.sequence}: {broken.fault}")
        typer.echo(f"{found.entries:,} lines, {'whole' if found.holds else f'{len(found.breaks):,} faults'}.")
        if found.head is not None:
            typer.echo(f"head {found.head[0]}:{found.head[1]}")
    raise typer.Exit(HOLDS if found.holds else DIFFERS)


def _anchor(text: str) -> tuple[int, str]:
    if not re.fullmatch(r"[1-9][0-9]{0,17}:[0-9a-f]{64}", text):
        raise typer.BadParameter("an anchor is a sequence, a colon and a hash of 64 hexadecimal digits")
    sequence, _, digest = text.partition(":")
    return int(sequence), digest


def _line(entry: AuditEntry) -> str:
    details = " ".join(f"{name}={value}" for name, value in entry.details.items())
    who = entry.who if entry.principal is None else f"{entry.who} ({entry.principal})"
    parts = (f"{entry.at:%Y-%m-%dT%H:%M:%SZ}", entry.act, entry.state.value, who, entry.ticket, entry.reason, details)
    return f"{entry.sequence:>6}  " + "  ".join(part for part in parts if part)
