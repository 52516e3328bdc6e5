"""Reads a mapping file: every error names the key and the rule it breaks."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from collections.abc import Mapping as ReadOnly
from dataclasses import dataclass
from typing import Any

from casebus_producers.errors import MappingError
from casebus_producers.mapping.conversions import TIME_OPTIONS, conversion
from casebus_producers.mapping.model import (
    Column,
    Constant,
    CsvFormat,
    Fields,
    Items,
    Lookup,
    Mapping,
    Node,
    Scalar,
    Template,
)

TomlTable = dict[str, Any]
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]+)\}|[{}]")
_FILLED_IN = {"source": "it is the agency and the mapping's system", "subject": "it is the case id"}


def read_mapping(text: str, *, agency: str) -> Mapping:
    """The mapping in a TOML file, for one agency's events. Raises ``MappingError``. Does not block."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MappingError("(file)", f"not TOML: {error}") from None
    _allow_only(document, {"system", "csv", "tables", "event"}, "(file)")
    system = _text(document["system"], "system") if "system" in document else None
    reader = _EventReader(
        tables=_tables(document.get("tables", {})),
        source=f"urn:be:vlaanderen:ovo:{agency}" + (f":{system}" if system else ""),
    )
    return Mapping(event=reader.event(document.get("event")), csv=_csv(document.get("csv", {})), system=system)


@dataclass(frozen=True, slots=True)
class _EventReader:
    """Reads the ``[event]`` table, which may look up in ``tables``."""

    tables: ReadOnly[str, ReadOnly[str, TomlTable]]
    source: str

    def event(self, table: object) -> Fields:
        if not isinstance(table, dict):
            raise MappingError("event", "missing: the table that has the shape of the event")
        for name in ("id", "time", "sequence", "data"):
            if name not in table:
                raise MappingError(f"event.{name}", "missing")
        for name, why in _FILLED_IN.items():
            if name in table:
                raise MappingError(f"event.{name}", f"cannot be set: {why}")
        return self._fields(table, "event")

    def _fields(self, table: TomlTable, key: str) -> Fields:
        return Fields({name: self._node(value, f"{key}.{name}") for name, value in table.items()})

    def _node(self, value: object, key: str) -> Node:
        match value:
            case dict():
                return self._table(value, key)
            case list():
                return Items(tuple(self._node(item, f"{key}.{index}") for index, item in enumerate(value)))
            case str():
                return _template(value, key)
            case _:
                return Constant(_scalar(value, key))

    def _table(self, table: TomlTable, key: str) -> Node:
        """An expression when it says where from, else a part of the event's shape: no field is called ``from``."""
        if "from" not in table:
            return self._fields(table, key)
        return self._lookup(table, key) if "in" in table else self._column(table, key)

    def _column(self, table: TomlTable, key: str) -> Column:
        _allow_only(table, {"from", "as", "otherwise", *TIME_OPTIONS}, key)
        names = table["from"] if isinstance(table["from"], list) else [table["from"]]
        if not names:
            raise MappingError(f"{key}.from", "names no column")
        options = {name: _text(table[name], f"{key}.{name}") for name in sorted(TIME_OPTIONS & table.keys())}
        return Column(
            columns=tuple(_text(name, f"{key}.from") for name in names),
            convert=conversion(_text(table.get("as", "text"), f"{key}.as"), options, source=self.source, key=key),
            otherwise=_otherwise(table, key),
        )

    def _lookup(self, table: TomlTable, key: str) -> Lookup:
        _allow_only(table, {"from", "in", "take", "otherwise"}, key)
        name = _text(table["in"], f"{key}.in")
        if name not in self.tables:
            raise MappingError(f"{key}.in", f"there is no [tables.{name}]")
        take = _text(table.get("take", name), f"{key}.take")
        entries = {
            row: _scalar(fields[take], f"tables.{name}.{row}.{take}")
            for row, fields in self.tables[name].items()
            if take in fields
        }
        if not entries:
            raise MappingError(f"{key}.take", f"no row of [tables.{name}] has {take!r}")
        return Lookup(_text(table["from"], f"{key}.from"), name, entries, _otherwise(table, key))


def _template(text: str, key: str) -> Constant | Template:
    """``a {column} b`` as its parts; ``{{`` and ``}}`` stand for braces."""
    texts, columns, position = [""], [], 0
    for match in _PLACEHOLDER.finditer(text):
        texts[-1] += text[position : match.start()]
        position = match.end()
        if match[1]:
            columns.append(match[1])
            texts.append("")
        elif len(match[0]) == 2:
            texts[-1] += match[0][0]
        else:
            raise MappingError(key, "a brace without its pair; write {{ or }} for a brace itself")
    texts[-1] += text[position:]
    return Template(tuple(texts), tuple(columns)) if columns else Constant(texts[0])


def _tables(value: object) -> dict[str, dict[str, TomlTable]]:
    if not isinstance(value, dict):
        raise MappingError("tables", "must be a table of tables")
    for name, rows in value.items():
        if not isinstance(rows, dict) or not all(isinstance(row, dict) for row in rows.values()):
            raise MappingError(f"tables.{name}", 'must have a table for each value: [tables.name."value"]')
    return value


def _csv(value: object) -> CsvFormat:
    if not isinstance(value, dict):
        raise MappingError("csv", "must be a table")
    _allow_only(value, {"delimiter", "encoding"}, "csv")
    csv = CsvFormat(**{name: _text(text, f"csv.{name}") for name, text in value.items()})
    if len(csv.delimiter) != 1:
        raise MappingError("csv.delimiter", "must be one character")
    try:
        "".encode(csv.encoding)
    except LookupError:
        raise MappingError("csv.encoding", f"no encoding is called {csv.encoding!r}") from None
    return csv


def _otherwise(table: TomlTable, key: str) -> Scalar | None:
    return _scalar(table["otherwise"], f"{key}.otherwise") if "otherwise" in table else None


def _scalar(value: object, key: str) -> Scalar:
    if isinstance(value, (str, int, float, bool)):
        return value
    raise MappingError(key, "must be a text, a number or a truth value; write a time as a text with its offset")


def _text(value: object, key: str) -> str:
    if isinstance(value, str) and value:
        return value
    raise MappingError(key, "must be a text that is not empty")


def _allow_only(table: TomlTable, allowed: Collection[str], key: str) -> None:
    unknown = sorted(table.keys() - set(allowed))
    if unknown:
        raise MappingError(f"{key}.{unknown[0]}", f"unknown; known here: {', '.join(sorted(allowed))}")
