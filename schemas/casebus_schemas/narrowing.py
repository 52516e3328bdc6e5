"""What a JSON Schema refuses that another one allows: the question behind every compatibility of two versions.

Only for the closed, flat schemas that this package publishes. Where two keywords cannot be compared, such as two
patterns, the answer errs on the side of "refuses".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

Schema = dict[str, Any]

_LOWER_BOUNDS: Final = ("minLength", "minItems", "minimum", "exclusiveMinimum", "minProperties")
_UPPER_BOUNDS: Final = ("maxLength", "maxItems", "maximum", "exclusiveMaximum", "maxProperties")
_WORDS_ONLY: Final = frozenset(
    [
        "title",
        "description",
        "$comment",
        "examples",
        "deprecated",
        "discriminator",
        "$schema",
        "$id",
        "$defs",
        "default",
    ]
)
_OF_OBJECTS: Final = ("properties", "patternProperties", "required", "additionalProperties", "propertyNames")
_COMPARED: Final = frozenset(
    [*_LOWER_BOUNDS, *_UPPER_BOUNDS, *_OF_OBJECTS, "type", "enum", "const", "items", "anyOf", "oneOf"]
)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Something that was allowed at ``path`` (``data.status.code``) and is refused by ``keyword`` now."""

    path: str
    keyword: str
    message: str

    def __str__(self) -> str:
        return f"{self.path or '(event)'}: {self.message} [{self.keyword}]"


class Narrowings:
    """Compares two whole schemas. ``ignores_unknown``: the new reader leaves out fields that it does not know."""

    def __init__(self, old: Schema, new: Schema, *, ignores_unknown: bool = False) -> None:
        self._old = old
        self._new = new
        self._ignores_unknown = ignores_unknown

    def all(self) -> list[Narrowing]:
        """Every place where the new schema refuses what the old one allows. Pure."""
        return list(self._compare(self._old, self._new, ""))

    def _compare(self, old: Schema, new: Schema, path: str) -> Iterator[Narrowing]:
        old, new = _resolved(old, self._old), _resolved(new, self._new)
        if _branches(old) or _branches(new):
            yield from self._compare_branches(old, new, path)
            return
        for check in (_types, _values, _bounds, _other_keywords):
            yield from check(old, new, path)
        yield from self._objects(old, new, path)
        if "items" in new:
            yield from self._compare(old.get("items", {}), new["items"], f"{path}.*".lstrip("."))
        if "propertyNames" in new:
            yield from self._compare(old.get("propertyNames", {}), new["propertyNames"], f"{path}(names)")

    def _compare_branches(self, old: Schema, new: Schema, path: str) -> Iterator[Narrowing]:
        """Each alternative of the old schema needs one of the new one that takes all of it."""
        alternatives = _branches(new) or [new]
        for branch in _branches(old) or [old]:
            answers = [list(self._compare(branch, alternative, path)) for alternative in alternatives]
            if [] not in answers:
                # The nearest alternative says best what is in the way.
                yield from min(answers, key=len)

    def _objects(self, old: Schema, new: Schema, path: str) -> Iterator[Narrowing]:
        before, after = old.get("properties", {}), new.get("properties", {})
        others_before, others_after = old.get("additionalProperties", True), new.get("additionalProperties", True)
        for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
            yield Narrowing(f"{path}.{name}".lstrip("."), "required", "must be given now")
        for name in before.keys() | after.keys():
            inner = f"{path}.{name}".lstrip(".")
            was, becomes = _of_name(name, old, others_before), _of_name(name, new, others_after)
            yield from self._field(was, becomes, inner, is_unknown=name not in after)
        patterns_before, patterns_after = old.get("patternProperties", {}), new.get("patternProperties", {})
        for pattern in patterns_before.keys() | patterns_after.keys():
            was, becomes = patterns_before.get(pattern, others_before), patterns_after.get(pattern, others_after)
            yield from self._field(was, becomes, f"{path}.({pattern})".lstrip("."), is_unknown=False)
        yield from self._field(others_before, others_after, f"{path}(others)", is_unknown=True)

    def _field(self, old: Schema | bool, new: Schema | bool, path: str, *, is_unknown: bool) -> Iterator[Narrowing]:
        """One field; ``False`` stands for one that must not be there, ``True`` for any value."""
        if old is False or new is True or (is_unknown and self._ignores_unknown):
            return
        if new is False:
            yield Narrowing(path, "additionalProperties", "is not allowed any more")
        else:
            yield from self._compare({} if old is True else old, new, path)


def _resolved(schema: Schema, root: Schema) -> Schema:
    """Without references; what stands beside one is kept."""
    while "$ref" in schema:
        target = root["$defs"][schema["$ref"].rpartition("/")[2]]
        schema = target | {name: value for name, value in schema.items() if name != "$ref"}
    return schema


def _of_name(name: str, schema: Schema, others: Schema | bool) -> Schema | bool:
    """What must hold of the field ``name``."""
    found: dict[str, Schema] = schema.get("properties", {})
    if name in found:
        return found[name]
    matching = [inner for pattern, inner in schema.get("patternProperties", {}).items() if re.search(pattern, name)]
    return matching[0] if matching else others


def _branches(schema: Schema) -> list[Schema]:
    """The alternatives, each with what stands beside them all; none when there is but one way."""
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            beside = {name: value for name, value in schema.items() if name != keyword}
            return [beside | branch for branch in schema[keyword]]
    return []


def _types(old: Schema, new: Schema, path: str) -> Iterator[Narrowing]:
    allowed = _as_set(new.get("type"))
    if allowed is None:
        return
    had = _as_set(old.get("type"))
    if had is None:
        had = {_type_name(value) for value in values} if (values := _allowed_values(old)) is not None else None
    if had is None or had - allowed - ({"integer"} if "number" in allowed else set()):
        yield Narrowing(path, "type", f"must be {' or '.join(sorted(allowed))} now")


def _values(old: Schema, new: Schema, path: str) -> Iterator[Narrowing]:
    allowed, had = _allowed_values(new), _allowed_values(old)
    if allowed is None:
        return
    if had is None:
        yield Narrowing(path, "enum", "must be one of certain values now")
    elif lost := [value for value in had if value not in allowed]:
        yield Narrowing(path, "enum", f"may not be {', '.join(map(str, lost))} any more")


def _bounds(old: Schema, new: Schema, path: str) -> Iterator[Narrowing]:
    tighter: list[tuple[tuple[str, ...], Callable[[float, float], bool]]] = [
        (_LOWER_BOUNDS, lambda before, after: after > before),
        (_UPPER_BOUNDS, lambda before, after: after < before),
    ]
    for keywords, is_tighter in tighter:
        for keyword in keywords:
            if keyword in new and (keyword not in old or is_tighter(old[keyword], new[keyword])):
                before = old.get(keyword, "nothing")
                yield Narrowing(path, keyword, f"{keyword} was {before} and is {new[keyword]}")


def _other_keywords(old: Schema, new: Schema, path: str) -> Iterator[Narrowing]:
    """Patterns, formats and whatever else is not known here: equal, or gone."""
    for keyword in sorted(new.keys() - _WORDS_ONLY - _COMPARED):
        refers = "$ref" in str(new[keyword])  # the same words, but not surely the same meaning
        if refers or old.get(keyword) != new[keyword]:
            yield Narrowing(path, keyword, f"{keyword} is another one, and the two cannot be compared")


def _allowed_values(schema: Schema) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    values: list[Any] | None = schema.get("enum")
    return values


def _as_set(kind: str | list[str] | None) -> set[str] | None:
    if kind is None:
        return None
    return {kind} if isinstance(kind, str) else set(kind)


def _type_name(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"
