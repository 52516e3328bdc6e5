"""Options that several commands share, so that they are spelt and explained alike."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer


def _ovo_code(text: str | None) -> str | None:
    if text is not None and not re.fullmatch(r"OVO[0-9]{6}", text):
        raise typer.BadParameter("an OVO code is OVO and six digits, for instance OVO000123")
    return text


File = Annotated[
    str,
    typer.Argument(
        metavar="FILE|-",
        help="NDJSON with one complete event per line, or CSV with --mapping; plain or gzip; - is standard input.",
        show_default=False,
    ),
]
MappingFile = Annotated[
    Path | None,
    typer.Option(
        "--mapping",
        metavar="FILE",
        help="TOML file that says what the columns of a CSV file mean.",
        show_default=False,
    ),
]
Agency = Annotated[
    str,
    typer.Option(
        envvar="CASEBUS_AGENCY",
        metavar="OVO",
        callback=_ovo_code,
        help="OVO code of the agency that publishes; events of another one are refused.",
        show_default=False,
    ),
]
OptionalAgency = Annotated[
    str | None,
    typer.Option(
        "--agency",
        envvar="CASEBUS_AGENCY",
        metavar="OVO",
        callback=_ovo_code,
        help="Also refuse events of another agency than this OVO code.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document for programs.")]
Follow = Annotated[bool, typer.Option("--follow", help="Wait for more, until Ctrl-C.")]
Group = Annotated[
    str | None,
    typer.Option(
        "--group",
        metavar="NAME",
        help="Remember in Kafka under this name how far was read, and go on there the next time.",
        show_default=False,
    ),
]
JsonLines = Annotated[bool, typer.Option("--json", help="Print one JSON document per line for programs.")]
