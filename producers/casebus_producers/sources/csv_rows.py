"""CSV: a header with column names, then one event per row, as a mapping says."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

from casebus_producers.errors import InputError, MappingError
from casebus_producers.mapping import Mapping, event_of
from casebus_producers.sources.entry import Entry, ReadEvent
from casebus_producers.tally import Refusal
from casebus_schemas import InvalidEventError, Reason


def entries_of_csv(stream: BinaryIO, mapping: Mapping, *, agency: str) -> Iterator[Entry]:
    """Every row that is not blank. Lines count as an editor does, header included, from 1.

    Raises ``MappingError`` when a column is missing, ``InputError`` when the text is not CSV in the encoding.
    """
    text = io.TextIOWrapper(stream, encoding=mapping.csv.encoding, newline="")
    rows = csv.reader(text, delimiter=mapping.csv.delimiter, strict=True)
    try:
        header = [name.strip() for name in next(rows, [])]
        _check_columns(header, mapping)
        line = rows.line_num + 1
        for values in rows:
            if values:
                yield _entry(line, header, values, mapping, agency)
            line = rows.line_num + 1
    except UnicodeDecodeError:
        raise InputError(
            f"after line {rows.line_num}: not in the mapping's csv.encoding {mapping.csv.encoding}"
        ) from None
    except csv.Error as error:
        raise InputError(f"line {rows.line_num}: not CSV: {error}") from None
    finally:
        text.detach()  # the stream is the caller's to close


def _check_columns(header: list[str], mapping: Mapping) -> None:
    doubled = sorted(name for name, count in Counter(header).items() if count > 1)
    if doubled:
        raise InputError(f"the header has column {doubled[0]!r} twice")
    for column, key in mapping.columns():
        if column not in header:
            raise MappingError(key, f"no column {column!r} in the file; it has {', '.join(header) or 'none'}")


def _entry(line: int, header: list[str], values: list[str], mapping: Mapping, agency: str) -> Entry:
    if len(values) != len(header):
        problem = f"{len(values)} values, the header has {len(header)} columns"
        return Refusal(line, (Reason(field="(row)", rule="csv.columns", message=problem),))
    row = dict(zip(header, values, strict=True))
    try:
        return ReadEvent(line, event_of(row, mapping, agency=agency))
    except InvalidEventError as error:
        return Refusal(line, error.reasons)
