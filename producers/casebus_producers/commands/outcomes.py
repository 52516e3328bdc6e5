"""``casebus outcomes``: what became of the notifications about an agency's cases."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import typer

from casebus_producers.commands.options import Agency, Follow, Group, JsonLines

if TYPE_CHECKING:
    from casebus_schemas import NotificationOutcome


def outcomes(agency: Agency, *, follow: Follow = False, group: Group = None, as_json: JsonLines = False) -> None:
    """Show every step of every notification about the agency's cases, and never to whom.

    Without --follow it ends with what is there now. Kafka keeps 30 days.
    """
    from casebus_producers.commands.exits import errors_end_the_command
    from casebus_producers.feedback import outcomes as read_outcomes
    from casebus_producers.settings import AgencySettings
    from casebus_schemas import encode

    found = 0
    with (
        errors_end_the_command(),
        closing(read_outcomes(AgencySettings(), agency=agency, follow=follow, group=group)) as steps,
    ):
        for outcome in steps:
            found += 1
            typer.echo(encode(outcome).decode() if as_json else _line(outcome))
    if not as_json:
        typer.echo(f"{agency}: {found:,} steps of notifications")


def _line(outcome: NotificationOutcome) -> str:
    """Time, state, channel, case and event, then why and until when."""
    channel = f" by {outcome.channel}" if outcome.channel is not None else ""
    because = f" because of {outcome.reason}" if outcome.reason is not None else ""
    until = f" until {outcome.due_at:%Y-%m-%dT%H:%M:%SZ}" if outcome.due_at is not None else ""
    about = f"case {outcome.case_id} event {outcome.event_id}"
    return f"{outcome.at:%Y-%m-%dT%H:%M:%SZ}  {outcome.state}{channel}{because}{until}  {about}"
