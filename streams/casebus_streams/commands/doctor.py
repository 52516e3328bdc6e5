"""``casebus doctor``: what is wrong with a deployment, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

if TYPE_CHECKING:
    from casebus_producers.operator_reports import Finding

_MARKS = {"well": ("✓", "green"), "warning": ("!", "yellow"), "problem": ("✗", "red"), "unknown": ("?", "cyan")}


def doctor(
    database: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="File with a PostgreSQL connection string, once for each service; else CASEBUS_DATABASE__DSN counts.",
        ),
    ] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Check a deployment: brokers, topics, replicas, rights, clocks, records, workers, databases, identity, mail.

    Changes nothing. Looks at what this environment names; run it with a service's settings to check that service. ✓ is
    well, ! may be meant so, ✗ must be mended, ? could not be seen. Exit code 0 when nothing must be mended, 1 when
    something must, 2 when Kafka cannot be asked.
    """
    from casebus_streams.commands.endings import DIFFERS, HOLDS, operator_command
    from casebus_streams.doctor.examination import examine
    from casebus_streams.settings import StreamsSettings

    with operator_command(log_level="critical"):
        findings = examine(StreamsSettings(), database or ())
        found = list(findings) if json else list(_printed(findings))
    counts = Counter(finding.verdict.value for finding in found)
    if json:
        document = {
            "findings": [asdict(finding) for finding in found],
            "counts": {name: counts[name] for name in _MARKS},
        }
        typer.echo(orjson.dumps(document))
    else:
        typer.echo(f"\n{', '.join(f'{counts[name]} {name}' for name in _MARKS)}")
    raise typer.Exit(DIFFERS if counts["problem"] else HOLDS)


def _printed(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Each as it comes, so that one who waits sees where it is."""
    area = ""
    for finding in findings:
        if finding.area != area:
            area = finding.area
            typer.secho(f"\n{area}", bold=True)
        mark, colour = _MARKS[finding.verdict.value]
        typer.echo(f"  {typer.style(mark, fg=colour)} {finding.subject}: {finding.says}")
        if finding.do and finding.verdict.value != "well":
            typer.echo(f"      → {finding.do}")
        yield finding
