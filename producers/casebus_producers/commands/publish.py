"""``casebus publish``: a file of events to the bus."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casebus_producers.commands.options import Agency, File, Json, MappingFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from casebus_producers.commands.file_pass import FilePass
    from casebus_producers.commands.publish_report import Ending
    from casebus_producers.commands.publish_state import PublishState
    from casebus_producers.feedback import VerdictTally, VerdictWatch
    from casebus_producers.settings import AgencySettings
    from casebus_producers.sources import Entry
    from casebus_schemas import CaseEvent

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
State = Annotated[
    Path | None,
    typer.Option(
        "--state",
        metavar="FILE",
        help="Remember in this file how far it came, and go on there when the command is run again.",
        show_default=False,
    ),
]
VerdictSeconds = Annotated[
    float,
    typer.Option(
        "--verdict",
        min=0,
        metavar="SECONDS",
        help="How long to wait for the bus to accept or reject what was published; 0 does not ask.",
    ),
]


def publish(
    file: File,
    agency: Agency,
    mapping: MappingFile = None,
    dry_run: DryRun = False,
    timeout: Timeout = 60,
    state: State = None,
    verdict: VerdictSeconds = 10,
    as_json: Json = False,
) -> None:
    """Publish the events in a file to the agency's topic.

    Each line is checked before it is sent. A line that breaks a rule is reported with its number and the reasons
    and does not stop the others. When Kafka has confirmed everything, the command waits for the bus's own verdict.

    Publishing the same file again is safe: an event's id makes it the same event. With --state nothing that was
    confirmed is sent again.
    """
    from casebus_producers.commands.exits import errors_end_the_command
    from casebus_producers.commands.file_pass import FilePass, load_mapping
    from casebus_producers.commands.progress import showing_progress
    from casebus_producers.commands.publish_report import PublishReport
    from casebus_producers.commands.publish_state import open_state
    from casebus_producers.settings import AgencySettings
    from casebus_producers.sources import open_input, read_entries

    with errors_end_the_command():
        settings = _patient_for(AgencySettings(), timeout)
        rules = load_mapping(mapping, agency=agency)
        progress = None if state is None else open_state(state, file, agency=agency, mapping=mapping)
        with open_input(file) as source, showing_progress(source, "checked" if dry_run else "published") as show:
            file_pass = FilePass(on_progress=show, skip_lines=0 if progress is None else progress.lines)
            entries = read_entries(source, rules, agency=agency)
            if dry_run:
                ending = _check(file_pass, entries, agency)
            else:
                ending = _send(file_pass, entries, agency, settings, progress, verdict)
    report = PublishReport.of(file_pass, ending, file=file, agency=agency, dry_run=dry_run)
    typer.echo(report.as_json() if as_json else report.as_text())
    if ending.verdict is not None and ending.verdict.problem is not None:
        typer.echo(f"casebus: no full verdict: {ending.verdict.problem}", err=True)
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


def _send(
    file_pass: FilePass,
    entries: Iterator[Entry],
    agency: str,
    settings: AgencySettings,
    state: PublishState | None,
    verdict_seconds: float,
) -> Ending:
    """Publish, wait for Kafka, remember how far it came, wait for the bus."""
    from casebus_producers.commands.confirmations import Confirmations
    from casebus_producers.commands.interruption import Interruption
    from casebus_producers.commands.publish_report import Ending
    from casebus_producers.errors import ProducerError
    from casebus_producers.producer import CaseStatusProducer

    producer = CaseStatusProducer(settings, agency=agency)
    confirmations = Confirmations()
    interruption = Interruption()
    verdict = watch = None

    def take(event: CaseEvent) -> None:
        interruption.check()
        confirmations.note(producer.publish(event), file_pass.line)
        if state is not None:
            state.save_if_due(confirmations.line)

    problem: ProducerError | None = None
    try:
        with interruption, producer:
            producer.check_topic(min(CHECK_TOPIC_SECONDS, settings.publish.back_pressure_wait_seconds))
            watch, verdict = _watch(settings, agency) if verdict_seconds else (None, None)
            confirmations.on_position = None if watch is None else watch.note
            file_pass.take_all(entries, take)
        confirmations.advance()
        confirmations.line = file_pass.line  # refused lines at the end are done too
        interruption.check()
    except ProducerError as error:
        problem = error
    finally:
        confirmations.advance()
        if state is not None:
            state.save(confirmations.line)
    if watch is not None and problem is None:
        verdict = watch.wait(verdict_seconds)
    return Ending(problem=problem, undelivered=producer.failed, verdict=verdict)


def _watch(settings: AgencySettings, agency: str) -> tuple[VerdictWatch | None, VerdictTally | None]:
    """A watch, or a verdict that says why there can be none: that is no reason not to publish."""
    from casebus_producers.errors import BrokerError
    from casebus_producers.feedback import VerdictTally, VerdictWatch

    try:
        return VerdictWatch(settings.kafka, agency=agency), None
    except BrokerError as error:
        return None, VerdictTally(published=0, problem=str(error))
