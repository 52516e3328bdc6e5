"""``casebus validate``: whether a file of events keeps to the contract, without Kafka."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from casebus_producers.commands.options import File, Json, MappingFile, OptionalAgency

if TYPE_CHECKING:
    from casebus_producers.commands.file_pass import FilePass
    from casebus_producers.tally import Refusal

ANY_AGENCY = "OVO000000"
"""Stands in ``source`` when a CSV file is checked for no agency in particular: it is in no register."""


def validate(
    file: File,
    mapping: MappingFile = None,
    agency: OptionalAgency = None,
    as_json: Json = False,
) -> None:
    """Check the events in a file against the contract, without sending anything.

    For each broken rule it prints the line, the field, what is wrong and the rule's name, and never the value itself.
    It needs no Kafka and no settings.
    """
    from casebus_producers.commands.exits import errors_end_the_command
    from casebus_producers.commands.file_pass import FilePass, load_mapping
    from casebus_producers.commands.progress import showing_progress
    from casebus_producers.producer import check_agency
    from casebus_producers.sources import open_input, read_entries
    from casebus_schemas import CaseEvent

    def check(event: CaseEvent) -> None:
        if agency is not None:
            check_agency(event, agency)

    with errors_end_the_command():
        publisher = agency or ANY_AGENCY
        rules = load_mapping(mapping, agency=publisher)
        with open_input(file) as source, showing_progress(source, "checked") as show:
            file_pass = FilePass(on_progress=show, on_refusal=None if as_json else _print)
            file_pass.take_all(read_entries(source, rules, agency=publisher), check)
    typer.echo(_json(file_pass, file) if as_json else _summary(file_pass, file))
    raise typer.Exit(1 if file_pass.refusals.count else 0)


def _print(refusal: Refusal) -> None:
    from casebus_producers.commands.findings import refusal_lines

    for line in refusal_lines(refusal):
        typer.echo(line)


def _summary(file_pass: FilePass, file: str) -> str:
    seconds = file_pass.seconds()
    return f"{file}: {file_pass.taken:,} valid, {file_pass.refusals.count:,} invalid ({seconds:.1f} s)"


def _json(file_pass: FilePass, file: str) -> str:
    import orjson

    from casebus_producers.commands.findings import refusals_json

    report = {"file": file, "read": file_pass.read, "valid": file_pass.taken, **refusals_json(file_pass.refusals)}
    return orjson.dumps(report).decode()
