"""``casebus publish``: a file of events to the bus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from casebus_producers.commands.options import Agency, File, Json, MappingFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from casebus_producers.commands.file_pass import FilePass
    from casebus_producers.commands.publish_report import Ending
    from casebus_producers.settings import AgencySettings
    from casebus_producers.sources import Entry

CHECK_TOPIC_SECONDS = 10.0

DryRun = Annotated[bool, typer.Option("--dry-run", help="Read and check everything, send nothing.")]
Timeout = Annotated[
    float,
    typer.Option(
        "--timeout",
        min=0,
        metavar="SECONDS",
        help="How long to wait for Kafka when it does not take or confirm events.",
    ),
]


def publish(
    file: File,
    agency: Agency,
    mapping: MappingFile = None,
    dry_run: DryRun = False,
    timeout: Timeout = 60,
    as_json: Json = False,
) -> None:
    """Publish the events in a file to the agency's topic.

    Each line is checked before it is sent. A line that breaks a rule is reported with its number and the reasons
    and does not stop the others. The command ends when Kafka has confirmed everything.

    Publishing the same file again is safe: an event's id makes it the same event.
    """
    from casebus_producers.commands.exits import errors_end_the_command
    from casebus_producers.commands.file_pass import FilePass, load_mapping
    from casebus_producers.commands.progress import showing_progress
    from casebus_producers.commands.publish_report import PublishReport
    from casebus_producers.settings import AgencySettings
    from casebus_producers.sources import open_input, read_entries

    with errors_end_the_command():
        settings = _patient_for(AgencySettings(), timeout)
        rules = load_mapping(mapping, agency=agency)
        with open_input(file) as source, showing_progress(source, "checked" if dry_run else "published") as show:
            file_pass = FilePass(on_progress=show)
            entries = read_entries(source, rules, agency=agency)
            ending = _check(file_pass, entries, agency) if dry_run else _send(file_pass, entries, agency, settings)
    report = PublishReport.of(file_pass, ending, file=file, agency=agency, dry_run=dry_run)
    typer.echo(report.as_json() if as_json else report.as_text())
    raise typer.Exit(report.exit_code)


def _patient_for(settings: AgencySettings, seconds: float) -> AgencySettings:
    """The settings with the command's own patience, both for a full queue and for the last confirmations."""
    patience = {"back_pressure_wait_seconds": seconds, "close_timeout_seconds": seconds}
    return settings.model_copy(update={"publish": settings.publish.model_copy(update=patience)})


def _check(file_pass: FilePass, entries: Iterator[Entry], agency: str) -> Ending:
    from casebus_producers.commands.publish_report import Ending
    from casebus_producers.errors import ProducerError
    from casebus_producers.producer import check_agency

    try:
        file_pass.take_all(entries, lambda event: check_agency(event, agency))
    except ProducerError as error:
        return Ending(problem=error)
    return Ending()


def _send(file_pass: FilePass, entries: Iterator[Entry], agency: str, settings: AgencySettings) -> Ending:
    from casebus_producers.commands.publish_report import Ending
    from casebus_producers.errors import ProducerError
    from casebus_producers.producer import CaseStatusProducer

    producer = CaseStatusProducer(settings, agency=agency)
    problem: ProducerError | None = None
    try:
        with producer:
            producer.check_topic(min(CHECK_TOPIC_SECONDS, settings.publish.back_pressure_wait_seconds))
            file_pass.take_all(entries, producer.publish)
    except ProducerError as error:
        problem = error
    return Ending(problem=problem, undelivered=producer.failed)
