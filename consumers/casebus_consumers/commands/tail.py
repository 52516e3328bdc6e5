"""``casebus tail``: what is in a topic, or comes into it."""

from __future__ import annotations

import contextlib
import logging
import sys
from typing import Annotated

import typer


def tail(
    topic: Annotated[
        str,
        typer.Argument(
            metavar="TOPIC",
            help="accepted, activity, changes, epochs, outcomes, overviews or sources; or its full name.",
        ),
    ],
    agency: Annotated[
        str | None, typer.Option(metavar="OVO", help="Only records about cases of this agency.", show_default=False)
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="Only this kind of change or event, or state of an outcome.", show_default=False)
    ] = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Show what comes from now on, until Ctrl-C.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON document per line, with the whole record.")] = False,
) -> None:
    """Show the records of a topic: when, where, and what each is about; with --json also what it says.

    Reads beside everybody else and changes nothing. Records hold pseudonyms, and with --json the texts of cases.
    Exit code 0; 2 when the topic cannot be shown or Kafka cannot be reached.
    """
    from confluent_kafka import KafkaException

    from casebus_consumers.tail import TailError, Wanted, document_of, json_of, line_of, records_of, topic_of
    from casebus_producers.commands.exits import errors_end_the_command
    from casebus_producers.settings import AgencySettings

    logging.getLogger("librdkafka").setLevel(logging.CRITICAL)  # what it has to say comes as one line at the end
    wanted = Wanted(agency=agency, kind=kind)
    try:
        with errors_end_the_command(), contextlib.suppress(KeyboardInterrupt):
            kafka = AgencySettings().kafka
            name = topic_of(kafka, topic, agency)
            for record in records_of(kafka, name, follow=follow):
                document = document_of(record)
                if wanted.holds(document):
                    line = json_of(name, record, document).decode() if json else line_of(name, record, document)
                    sys.stdout.write(f"{line}\n")
                    if follow:
                        sys.stdout.flush()
    except TailError as error:
        _end(str(error))
    except KafkaException as error:
        _end(f"Kafka: {error.args[0].name()}")


def _end(problem: str) -> None:
    from casebus_producers.commands.exits import Exit

    typer.echo(f"casebus: {problem}", err=True)
    raise typer.Exit(Exit.PREREQUISITE)
