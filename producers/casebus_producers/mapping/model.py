"""A mapping file, read and checked: nodes that mirror the shape of the event."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Mapping as ReadOnly
from dataclasses import dataclass

Scalar = str | int | float | bool
Conversion = Callable[[str], Scalar]
"""From a column's text, never empty, to a value. Raises ``ValueError`` with words that do not repeat the text."""


@dataclass(frozen=True, slots=True)
class Constant:
    """The same in every event."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Template:
    """Texts and columns in turn: ``texts`` has one more element than ``columns``. Empty when a column is."""

    texts: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One or more columns, joined by a newline, converted. Empty when one of them is."""

    columns: tuple[str, ...]
    convert: Conversion
    otherwise: Scalar | None = None


@dataclass(frozen=True, slots=True)
class Lookup:
    """An entry of a table, found by a column's text."""

    column: str
    table: str
    entries: ReadOnly[str, Scalar]
    otherwise: Scalar | None = None


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object."""

    nodes: ReadOnly[str, Node]


@dataclass(frozen=True, slots=True)
class Items:
    """A JSON array."""

    nodes: tuple[Node, ...]


Node = Constant | Template | Column | Lookup | Fields | Items


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """How the export is written."""

    delimiter: str = ","
    encoding: str = "utf-8-sig"  # plain UTF-8, with or without the mark that spreadsheets put first


@dataclass(frozen=True, slots=True)
class Mapping:
    """What becomes of a row. ``system`` names the agency's application in ``source``."""

    event: Fields
    csv: CsvFormat = CsvFormat()
    system: str | None = None

    def columns(self) -> Iterator[tuple[str, str]]:
        """Every column the mapping draws on, with the key that does."""
        yield from _columns(self.event, "event")


def _columns(node: Node, key: str) -> Iterator[tuple[str, str]]:
    match node:
        case Template(columns=columns) | Column(columns=columns):
            yield from ((column, key) for column in columns)
        case Lookup(column=column):
            yield column, key
        case Fields(nodes=fields):
            for name, inner in fields.items():
                yield from _columns(inner, f"{key}.{name}")
        case Items(nodes=items):
            for index, inner in enumerate(items):
                yield from _columns(inner, f"{key}.{index}")
