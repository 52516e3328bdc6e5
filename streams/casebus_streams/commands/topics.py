"""``casebus topics plan|apply``: what is declared against what the broker has. Nothing here ever destroys."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from casebus_producers.audit.options import Reason, Ticket

if TYPE_CHECKING:
    from casebus_producers.settings import KafkaSettings
    from casebus_schemas import Topics


def _ovo_codes(values: list[str]) -> list[str]:
    if not all(re.fullmatch(r"OVO[0-9]{6}", value) for value in values):
        raise typer.BadParameter("an OVO code is OVO and six digits")
    return values


Agencies = Annotated[
    list[str],
    typer.Option(
        "--agency",
        help="An agency's OVO code; once for each. Others are left as they are.",
        callback=_ovo_codes,
    ),
]
Partitions = Annotated[int, typer.Option(help="Of the topics by party; fixed once they are made.", min=1)]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def plan(agency: Agencies, partitions: Partitions = 12, *, json: AsJson = False) -> None:
    """Show what is missing or set otherwise than declared.

    Exit code 1 when there is anything, 2 when Kafka cannot be asked.
    """
    from casebus_producers.settings import AgencySettings
    from casebus_streams.commands.endings import operator_command
    from casebus_streams.topic_admin import admin_client, plan_topics

    with operator_command():
        kafka = AgencySettings().kafka
        found = plan_topics(admin_client(kafka), _topics(kafka), agency, partitions=partitions)
    if json:
        typer.echo(orjson.dumps({"missing": sorted(found.missing), "differing": found.differing}))
    else:
        for name in sorted(found.missing):
            typer.echo(f"+ {name}")
        for name, differences in sorted(found.differing.items()):
            typer.echo(f"! {name}: {'; '.join(differences)}")
        if found.is_empty:
            typer.echo("All topics are as declared.")
    raise typer.Exit(0 if found.is_empty else 1)


def apply(
    agency: Agencies,
    partitions: Partitions = 12,
    replication_factor: Annotated[int, typer.Option(help="-1 takes the broker's default.")] = -1,
    *,
    reason: Reason = None,
    ticket: Ticket = None,
    json: AsJson = False,
) -> None:
    """Create the topics that are missing. What exists is left as it is: see ``plan`` for differences."""
    from casebus_producers.audit.act import Auditor, Why
    from casebus_producers.audit.settings import AuditSettings
    from casebus_producers.settings import AgencySettings
    from casebus_streams.commands.endings import operator_command
    from casebus_streams.topic_admin import admin_client, apply_topics

    with operator_command():
        kafka = AgencySettings().kafka
        created = apply_topics(
            admin_client(kafka),
            _topics(kafka),
            agency,
            partitions=partitions,
            replication_factor=replication_factor,
        )
        if created:  # only now is there certainly a log to write to
            with Auditor(AuditSettings()).act("topics.apply", Why(reason, ticket)) as act:
                act.came_of_it = {"created": str(len(created))}
    if json:
        typer.echo(orjson.dumps({"created": created}))
    else:
        for name in created:
            typer.echo(f"+ {name}")
        typer.echo(f"{len(created)} topics created.")


def _topics(kafka: KafkaSettings) -> Topics:
    """The topics, with the overviews of the live epoch: those of an earlier one may have been removed."""
    from casebus_producers.epochs import EpochReader
    from casebus_schemas import Topics

    with closing(EpochReader(kafka)) as epochs:
        return Topics(kafka.topic_prefix, epochs.read().epoch)
