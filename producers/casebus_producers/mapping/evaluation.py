"""From one row to one event, or to every reason why not. Pure."""

from __future__ import annotations

from collections.abc import Mapping as ReadOnly
from typing import Final

import orjson

from casebus_producers.mapping.model import Column, Constant, Fields, Items, Lookup, Mapping, Node, Template
from casebus_schemas import CaseEvent, InvalidEventError, Reason, StatusChangedEvent, decode_event

Row = ReadOnly[str, str]
_STATUS_CHANGED: Final = StatusChangedEvent.model_fields["type"].default


class _Absent:
    """The value of what is left out: JSON's null would be a value."""


ABSENT: Final = _Absent()


def event_of(row: Row, mapping: Mapping, *, agency: str) -> CaseEvent:
    """The event that ``row`` means. Raises ``InvalidEventError``: what could not be evaluated, or what is not valid.

    No reason repeats a value of the row, which may be personal. Does not block.
    """
    reasons: list[Reason] = []
    fields = _evaluate(mapping.event, row, "", reasons)
    if reasons:
        raise InvalidEventError(reasons)
    return decode_event(orjson.dumps(_completed(fields, mapping, agency)))


def _completed(fields: object, mapping: Mapping, agency: str) -> dict[str, object]:
    """The event's own fields with those that follow from the agency and the case."""
    event: dict[str, object] = dict(fields) if isinstance(fields, dict) else {}
    data = event.get("data")
    event["source"] = f"urn:be:vlaanderen:ovo:{agency}" + (f":{mapping.system}" if mapping.system else "")
    event["subject"] = data.get("case_id") if isinstance(data, dict) else None
    event["sequence"] = str(event.get("sequence", ""))  # a number in Python, a text on the wire
    return {"specversion": "1.0", "type": _STATUS_CHANGED, **event}


def _evaluate(node: Node, row: Row, path: str, reasons: list[Reason]) -> object:
    match node:
        case Constant(value=value):
            return value
        case Template():
            return _fill_in(node, row)
        case Column():
            return _convert(node, row, path, reasons)
        case Lookup():
            return _look_up(node, row, path, reasons)
        case Items(nodes=nodes):
            items = [_evaluate(inner, row, f"{path}.{index}", reasons) for index, inner in enumerate(nodes)]
            return [item for item in items if item is not ABSENT] or ABSENT
        case Fields():
            return _fields(node, row, path, reasons)


def _fields(node: Fields, row: Row, path: str, reasons: list[Reason]) -> object:
    """The fields that are there; nothing at all when every column they draw on is empty."""
    prefix = f"{path}." if path else ""
    values = {name: _evaluate(inner, row, prefix + name, reasons) for name, inner in node.nodes.items()}
    present = {name: value for name, value in values.items() if value is not ABSENT}
    from_columns = {name for name, inner in node.nodes.items() if _draws_on_columns(inner)}
    return present if from_columns & present.keys() or not from_columns else ABSENT


def _draws_on_columns(node: Node) -> bool:
    match node:
        case Constant():
            return False
        case Fields(nodes=fields):
            return any(_draws_on_columns(inner) for inner in fields.values())
        case Items(nodes=items):
            return any(_draws_on_columns(inner) for inner in items)
        case _:
            return True


def _fill_in(node: Template, row: Row) -> object:
    values = [row[column].strip() for column in node.columns]
    if not all(values):
        return ABSENT
    inner = (value + text for value, text in zip(values, node.texts[1:], strict=True))
    return node.texts[0] + "".join(inner)


def _convert(node: Column, row: Row, path: str, reasons: list[Reason]) -> object:
    values = [row[column].strip() for column in node.columns]
    if not all(values):
        return ABSENT if node.otherwise is None else node.otherwise
    try:
        return node.convert("\n".join(values))
    except ValueError as error:
        problem = f"column {', '.join(map(repr, node.columns))}: {error}"
        reasons.append(Reason(field=path, rule="mapping.conversion", message=problem))
        return ABSENT


def _look_up(node: Lookup, row: Row, path: str, reasons: list[Reason]) -> object:
    value = row[node.column].strip()
    found = node.entries.get(value, node.otherwise)
    if found is not None:
        return found
    if value:
        problem = f"column {node.column!r} holds a value that [tables.{node.table}] does not list"
        reasons.append(Reason(field=path, rule="mapping.lookup", message=problem))
    return ABSENT
