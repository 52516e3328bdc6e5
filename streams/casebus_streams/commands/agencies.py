"""``casebus agencies add|list|disable``: who may publish. A plan comes first, and nothing is destroyed unasked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import orjson
import typer

from casebus_producers.audit.options import Reason, Ticket


def _ovo_code(value: str) -> str:
    if not re.fullmatch(r"OVO[0-9]{6}", value):
        raise typer.BadParameter("an OVO code is OVO and six digits")
    return value


Agency = Annotated[str, typer.Argument(metavar="OVO", help="The agency's OVO code.", callback=_ovo_code)]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def add(
    agency: Agency,
    directory: Annotated[
        Path, typer.Option(help="The agency's files go to a directory in it that is named by the code.")
    ] = Path("agencies"),
    replication_factor: Annotated[int, typer.Option(help="Of new topics; -1 takes the broker's default.")] = -1,
    *,
    new_password: Annotated[
        bool, typer.Option("--new-password", help="Also when it has one, which is no good from then on.")
    ] = False,
    yes: Yes = False,
    reason: Reason = None,
    ticket: Ticket = None,
) -> None:
    """Let an agency publish: its topics, its rights, a password, and the settings file to hand over.

    What it has already stays as it is, so run this again whenever in doubt. Exit code 1 when you say no, 2 when it
    could not be done.
    """
    from casebus_producers.audit.act import Auditor, Why
    from casebus_producers.audit.settings import AuditSettings
    from casebus_producers.settings import AgencySettings
    from casebus_streams.access.onboarding import Onboarding
    from casebus_streams.commands.endings import operator_command

    with operator_command():
        onboarding = Onboarding(AgencySettings().kafka)
        plan = onboarding.plan(agency, new_password=new_password)
        for line in plan.lines():
            typer.echo(line)
        if plan.is_empty:
            typer.echo(f"{agency} has all it needs.")
            return
        if not yes:
            typer.confirm("Do this?", abort=True)
        details = {"agency": agency, "password": "set" if plan.sets_password else "kept"}
        with Auditor(AuditSettings()).act("agencies.add", Why(reason, ticket), details):
            files = onboarding.add(plan, directory / agency, replication_factor=replication_factor)
    typer.echo(f"{agency} may publish.")
    if files is not None:
        typer.echo(f"Hand over {files.settings_file.parent}, by a safe way: it holds the password.")


def list_agencies(*, json: AsJson = False) -> None:
    """Show every agency that has topics, and whether it can publish. Exit code 2 when Kafka cannot be asked."""
    from casebus_producers.settings import AgencySettings
    from casebus_streams.access.onboarding import Onboarding
    from casebus_streams.commands.endings import operator_command

    with operator_command():
        known = Onboarding(AgencySettings().kafka).known()
    if json:
        typer.echo(orjson.dumps([{"agency": each.agency, "state": each.state} for each in known]))
    else:
        for each in known:
            typer.echo(f"{each.agency} {each.state}")
        typer.echo(f"{len(known)} agencies.")


def disable(agency: Agency, *, yes: Yes = False, reason: Reason = None, ticket: Ticket = None) -> None:
    """Shut an agency out: its rights and password go, its topics and events stay. ``add`` lets it in again.

    Exit code 1 when you say no, 2 when it could not be done.
    """
    from casebus_producers.audit.act import Auditor, Why
    from casebus_producers.audit.settings import AuditSettings
    from casebus_producers.settings import AgencySettings
    from casebus_streams.access.onboarding import Onboarding
    from casebus_streams.commands.endings import operator_command

    with operator_command():
        onboarding = Onboarding(AgencySettings().kafka)
        typer.echo(f"- all rights of {agency}\n- password of {agency}")
        if not yes:
            typer.confirm("Do this? It cannot publish any more.", abort=True)
        with Auditor(AuditSettings()).act("agencies.disable", Why(reason, ticket), {"agency": agency}):
            was_let_in = onboarding.disable(agency)
    typer.echo(f"{agency} is shut out." if was_let_in else f"{agency} was not let in.")
