"""``casebus rebuild``: overviews folded anew beside the live ones, then switched."""

from __future__ import annotations

import signal
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from casebus_producers.audit.options import Reason, Ticket

if TYPE_CHECKING:
    from casebus_streams.rebuild.rebuild import Rebuild
    from casebus_streams.rebuild.report import RebuildReport


def rebuild(
    *,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a rebuild that was stopped or killed.")] = False,
    abort: Annotated[
        bool, typer.Option("--abort", help="Give up a rebuild that was begun, and delete its topic.")
    ] = False,
    remove_old: Annotated[
        bool, typer.Option("--remove-old", help="Delete the overviews topics of earlier epochs, and do nothing else.")
    ] = False,
    accept_differences: Annotated[
        bool, typer.Option(help="Switch although the new overviews are not the live ones: the fold has changed.")
    ] = False,
    patience_seconds: Annotated[float, typer.Option(help="How long to wait for all workers to leave.", min=1)] = 60,
    reason: Reason = None,
    ticket: Ticket = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Fold a new overviews topic from the accepted log, compare it with the live one, and let it take its place.

    Workers go on meanwhile and pause only for the switch; no change is emitted, so nobody is messaged. Until the
    switch nothing has happened: Ctrl-C, a crash or --abort leave everything as it was. Exit code 0 when it is done;
    1 when the new overviews differ, and were not switched to (--resume --accept-differences does); 2 when it could
    not be done.
    """
    from casebus_producers.audit.act import Auditor, Why
    from casebus_producers.audit.settings import AuditSettings
    from casebus_streams.commands.endings import DIFFERS, HOLDS, operator_command
    from casebus_streams.rebuild.rebuild import Rebuild
    from casebus_streams.settings import StreamsSettings

    if resume + abort + remove_old > 1:
        raise typer.BadParameter("choose one of --resume, --abort and --remove-old")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ask for an orderly end in either way
    name = "rebuild.abort" if abort else "rebuild.remove-old" if remove_old else "rebuild"
    with (
        operator_command(),
        Auditor(AuditSettings()).act(name, Why(reason, ticket)) as act,
        closing(Rebuild(StreamsSettings())) as work,
    ):
        if abort:
            _print_topics("aborted", [work.abort()], json=json)
            return
        if remove_old:
            _print_topics("removed", work.remove_old(), json=json)
            return
        report = _run(work, resume=resume, accept_differences=accept_differences, patience_seconds=patience_seconds)
        act.came_of_it = {"topic": report.new_topic, "switched": str(report.switched).lower()}
    if json:
        typer.echo(orjson.dumps(report.as_json()))
    else:
        _print(report)
    raise typer.Exit(HOLDS if report.switched else DIFFERS)


def _run(work: Rebuild, *, resume: bool, accept_differences: bool, patience_seconds: float) -> RebuildReport:
    from casebus_streams.commands.endings import IMPOSSIBLE
    from casebus_streams.commands.progress import showing_progress

    try:
        with showing_progress() as show:
            return work.run(
                resume=resume, accept_differences=accept_differences, patience_seconds=patience_seconds, progress=show
            )
    except KeyboardInterrupt:
        typer.echo("casebus: stopped; the overviews are as they were; --resume goes on, --abort gives up", err=True)
        raise typer.Exit(IMPOSSIBLE) from None


def _print(report: RebuildReport) -> None:
    from casebus_streams.commands.verify import print_differences

    typer.echo(
        f"{report.new_parties:,} overviews folded from {report.events:,} events into {report.new_topic} in "
        f"{report.seconds:.1f} s; {report.old_parties:,} were in {report.old_topic}."
    )
    if report.skipped:
        typer.echo(f"{report.skipped:,} records were skipped: no code can handle them (casebus dead-letters list).")
    if report.counters_only:
        typer.echo(f"{report.counters_only:,} differ in counters only, where a case has outgrown its history.")
    print_differences(report.differences)
    if report.switched:
        typer.echo(f"{report.new_topic} is live; workers paused for {report.pause_seconds:.1f} s.")
    else:
        typer.echo(
            f"{report.different:,} differ, so {report.old_topic} stays live: --resume --accept-differences switches, "
            "--abort gives up."
        )


def _print_topics(verb: str, names: list[str], *, json: bool) -> None:
    typer.echo(orjson.dumps({verb: names}) if json else "\n".join(f"{verb} {name}" for name in names))
