"""Reads an input line by line; a bad line is an entry of its own and stops nothing."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from casebus_producers.errors import InputError
from casebus_producers.mapping import Mapping
from casebus_producers.sources.csv_rows import entries_of_csv
from casebus_producers.sources.entry import Entry
from casebus_producers.sources.input_file import InputFile
from casebus_producers.sources.ndjson import entries_of_ndjson


def read_entries(source: InputFile, mapping: Mapping | None, *, agency: str) -> Iterator[Entry]:
    """Every line as an event or a refusal: CSV when there is a mapping, else NDJSON. Blocks on the input.

    Raises ``InputError`` when the file cannot be read on, ``MappingError`` when it lacks the mapping's columns.
    """
    entries = (
        entries_of_ndjson(source.stream) if mapping is None else entries_of_csv(source.stream, mapping, agency=agency)
    )
    try:
        yield from entries
    except (OSError, EOFError, zlib.error) as error:  # what gzip raises for damaged and for cut-off files
        raise InputError(f"{source.name}: {error}") from None
