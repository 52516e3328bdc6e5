"""``casebus rejections``: what the bus refused of an agency's events, and what it remarked on."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casebus_producers.commands.options import Agency, Follow, Group, JsonLines

if TYPE_CHECKING:
    from casebus_producers.commands.rejected_events import RejectedEvents
    from casebus_schemas import Rejection

Write = Annotated[
    Path | None,
    typer.Option(
        "--write",
        metavar="FILE",
        help="Also write the rejected events to this new file, one per line, to be mended and published again.",
        show_default=False,
    ),
]


def rejections(
    agency: Agency,
    *,
    follow: Follow = False,
    group: Group = None,
    write: Write = None,
    as_json: JsonLines = False,
) -> None:
    """Show the agency's events that the bus rejected, with every reason, and apart from them those with a warning.

    Without --follow it ends with what is there now, and with exit code 1 when something was rejected. Kafka keeps 30
    days: --group shows only what is new since the last time. No reason holds a value; the file that --write makes
    holds the events themselves, national numbers included.
    """
    from casebus_producers.commands.exits import errors_end_the_command
    from casebus_producers.commands.rejected_events import RejectedEvents
    from casebus_producers.feedback import rejections as read_rejections
    from casebus_producers.settings import AgencySettings
    from casebus_schemas import Verdict

    shown = _Shown(as_json=as_json, follow=follow)
    events: RejectedEvents | None = None
    with errors_end_the_command(), ExitStack() as stack:
        if write is not None:
            events = stack.enter_context(RejectedEvents(write))
        records = read_rejections(AgencySettings(), agency=agency, follow=follow, group=group)
        for rejection in stack.enter_context(closing(records)):
            shown.take(rejection)
            if events is not None and rejection.verdict is Verdict.REJECTED:
                events.add(rejection)
    if not as_json:
        shown.finish(agency)
    if events is not None:
        typer.echo(
            f"{write}: {events.written:,} events, {events.left_out:,} left out because they are no JSON", err=True
        )
    raise typer.Exit(1 if shown.rejected else 0)


@dataclass(slots=True)
class _Shown:
    """Prints rejections as they come; warnings after them, or, when there is no end, as they come too."""

    as_json: bool
    follow: bool
    rejected: int = 0
    warned: int = 0
    _warnings: list[str] = field(default_factory=list)

    def take(self, rejection: Rejection) -> None:
        from casebus_producers.tally import KEPT
        from casebus_schemas import Verdict, encode

        is_rejected = rejection.verdict is Verdict.REJECTED
        self.rejected += is_rejected
        self.warned += not is_rejected
        if self.as_json:
            # Without the event: what is printed ends in logs.
            typer.echo(encode(rejection.model_copy(update={"original": None})).decode())
        elif is_rejected or self.follow:
            typer.echo("\n".join(_lines(rejection)))
        elif len(self._warnings) < KEPT:
            self._warnings += _lines(rejection)

    def finish(self, agency: str) -> None:
        for line in self._warnings:
            typer.echo(line)
        typer.echo(f"{agency}: {self.rejected:,} rejected, {self.warned:,} accepted with a warning")


def _lines(rejection: Rejection) -> list[str]:
    """One line per reason: what happened, which case and event as far as they could be read, and why."""
    from casebus_schemas import Verdict

    kind = "rejected" if rejection.verdict is Verdict.REJECTED else "warning"
    place = f"partition {rejection.position.partition} offset {rejection.position.offset}"
    about = f"case {rejection.case_id or '?'} event {rejection.event_id or '?'} ({place})"
    return [f"{kind}: {about}: {reason}" for reason in rejection.reasons]
