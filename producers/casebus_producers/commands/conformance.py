"""``casebus conformance``: what a file of events shows of the contract, and what a citizen would read. No Kafka."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from casebus_producers.commands.options import File, Json, MappingFile, OptionalAgency

if TYPE_CHECKING:
    from casebus_producers.commands.file_pass import FilePass
    from casebus_producers.testing.run import ConformanceRun

LanguageOption = Annotated[
    Literal["nl", "fr", "de", "en"], typer.Option("--language", help="In which language to show the cases.")
]
Cases = Annotated[
    int, typer.Option("--cases", min=0, max=1000, help="How many cases to show as the citizen sees them.")
]


def conformance(
    file: File,
    mapping: MappingFile = None,
    agency: OptionalAgency = None,
    language: LanguageOption = "nl",
    cases: Cases = 5,
    as_json: Json = False,
) -> None:
    """Say what the events in a file show of the contract, remark on their texts, and show the cases.

    It needs no Kafka and no settings. Invalid lines give exit code 1; missing capabilities and remarks do not.
    """
    from casebus_producers.commands.exits import errors_end_the_command
    from casebus_producers.commands.file_pass import FilePass, load_mapping
    from casebus_producers.commands.progress import showing_progress
    from casebus_producers.commands.validate import ANY_AGENCY
    from casebus_producers.producer import check_agency
    from casebus_producers.sources import open_input, read_entries
    from casebus_producers.testing.run import ConformanceRun
    from casebus_schemas import CaseEvent

    run = ConformanceRun(previewed_cases=cases)

    def take(event: CaseEvent) -> None:
        if agency is not None:
            check_agency(event, agency)
        run.add(file_pass.line, event)

    with errors_end_the_command():
        publisher = agency or ANY_AGENCY
        rules = load_mapping(mapping, agency=publisher)
        with open_input(file) as source, showing_progress(source, "checked") as show:
            file_pass = FilePass(on_progress=show)
            file_pass.take_all(read_entries(source, rules, agency=publisher), take)
    typer.echo(_json(file_pass, run, file, language) if as_json else _text(file_pass, run, file, language))
    raise typer.Exit(1 if file_pass.refusals.count else 0)


def _text(file_pass: FilePass, run: ConformanceRun, file: str, language: Literal["nl", "fr", "de", "en"]) -> str:
    from casebus_producers.commands.findings import summary_lines

    shown = run.shown
    lines = [
        f"{file}: {file_pass.taken:,} valid events of {len(shown.cases):,} cases, "
        f"{file_pass.refusals.count:,} invalid lines",
        *summary_lines(file_pass.refusals),
        "",
        f"shown ({len(shown.capabilities) - len(shown.missing)} of {len(shown.capabilities)}):",
        *(f"  {count:>7,}  {name}" for name, count in shown.capabilities.items() if count),
        f"not shown: {', '.join(shown.missing) or 'nothing'}",
    ]
    lines += [f"code not in the published list: {code} ({count:,})" for code, count in shown.unknown_codes.items()]
    if run.late:
        lines.append(f"sequences that do not rise: {run.late.total():,} events of {len(run.late):,} cases")
    lines += ["", f"remarks on texts: {sum(kind.count for kind in run.remarks.values()):,}"]
    lines += [
        f"  {kind.count:>7,} x {remark} (line {', '.join(map(str, kind.lines))})"
        for remark, kind in run.remarks.items()
    ]
    for case in run.preview(language):
        lines += ["", f"as the citizen sees {case.case_id}:", *(f"  {line}" for line in case.lines())]
    return "\n".join(lines)


def _json(file_pass: FilePass, run: ConformanceRun, file: str, language: Literal["nl", "fr", "de", "en"]) -> str:
    from dataclasses import asdict

    import orjson

    from casebus_producers.commands.findings import refusals_json

    report = {
        "file": file,
        "read": file_pass.read,
        "valid": file_pass.taken,
        "cases": len(run.shown.cases),
        "capabilities": run.shown.capabilities,
        "missing": run.shown.missing,
        "unknown_codes": run.shown.unknown_codes,
        "not_rising": run.late.total(),
        "remarks": [{**remark._asdict(), **asdict(kind)} for remark, kind in run.remarks.items()],
        "preview": [asdict(case) for case in run.preview(language)],
        **refusals_json(file_pass.refusals),
    }
    return orjson.dumps(report).decode()
