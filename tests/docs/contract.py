"""What an agency's event may hold, read off the models: every field, whether it is needed, and its limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from casebus_schemas import EVENT_MODELS

_TEXTS = {"ShortText", "LongText"}
_LAST_LENGTH = re.compile(r"(\^\[[^]]*\]\[[^]]*\])?\{(?:[0-9]+,)?([0-9]+)\}(?=[^{}]*$)")
"""A pattern's last repetition, and whether exactly one character comes before it."""


@dataclass(frozen=True)
class Rule:
    """``words`` must stand in back-quotes and ``limits`` as numbers where the field is explained."""

    needed: bool
    words: frozenset[str] = frozenset()
    limits: frozenset[int] = frozenset()


def envelope() -> dict[str, Rule]:
    return {path: rule for path, rule in _rules().items() if not path.startswith("data.")}


def data() -> dict[str, Rule]:
    return {path.removeprefix("data."): rule for path, rule in _rules().items() if path.startswith("data.")}


def _rules() -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    for model in EVENT_MODELS:
        schema = model.model_json_schema(mode="validation")
        schema["required"] = [*schema["required"], "specversion"]  # on the wire it is needed, see decode_event
        for path, rule in _fields(schema, schema["$defs"], ""):
            known = rules.get(path, rule)
            rules[path] = Rule(known.needed and rule.needed, known.words | rule.words, known.limits | rule.limits)
    # Defaults that spare Python code a repetition: on the wire a kind and a type are needed.
    kind = rules["data.parties[].kind"]
    return rules | {"type": Rule(needed=True), "data.parties[].kind": Rule(needed=True, words=kind.words)}


def _fields(schema: dict[str, Any], definitions: dict[str, Any], prefix: str) -> Iterator[tuple[str, Rule]]:
    for name, field in schema["properties"].items():
        needed = name in schema.get("required", ())
        yield from _field(field, definitions, f"{prefix}{name}", needed=needed)


def _field(
    field: dict[str, Any], definitions: dict[str, Any], path: str, *, needed: bool
) -> Iterator[tuple[str, Rule]]:
    kinds = [_resolved(kind, definitions) for kind in field.get("anyOf", [field])]
    [kind] = [kind for kind in kinds if kind.get("type") != "null"]
    if kind.get("title") in _TEXTS:
        yield path, Rule(needed, limits=frozenset([kind["properties"]["nl"]["maxLength"]]))
    elif kind.get("type") == "array":
        [(_, item)] = [next(_field(kind["items"], definitions, path, needed=True), (path, Rule(needed=True)))]
        own = {kind[limit] for limit in ("minItems", "maxItems") if limit in kind}
        is_object = "oneOf" in kind["items"] or "$ref" in kind["items"]
        yield f"{path}[]", Rule(needed, limits=frozenset(own) | (frozenset() if is_object else item.limits))
        yield from _members(kind["items"], definitions, f"{path}[].")
    elif "properties" in kind:
        yield path, Rule(needed)
        yield from _fields(kind, definitions, f"{path}.")
    else:
        yield path, Rule(needed, words=_words(kind), limits=_limits(kind))


def _members(item: dict[str, Any], definitions: dict[str, Any], prefix: str) -> Iterator[tuple[str, Rule]]:
    """The fields of a list's objects; where there are several kinds of object, what holds of all."""
    for kind in item.get("oneOf", [item]):
        resolved = _resolved(kind, definitions)
        if "properties" in resolved:
            yield from _fields(resolved, definitions, prefix)


def _resolved(kind: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    return definitions[kind["$ref"].rpartition("/")[2]] if "$ref" in kind else kind


def _words(kind: dict[str, Any]) -> frozenset[str]:
    return frozenset(kind.get("enum", [kind["const"]] if "const" in kind else []))


def _limits(kind: dict[str, Any]) -> frozenset[int]:
    """Lengths; a pattern's last repetition, if it limits the text and not a part of it."""
    if "maxLength" in kind:
        return frozenset([kind["maxLength"]])
    length = _LAST_LENGTH.search(kind.get("pattern", ""))
    is_telling = length is not None and "format" not in kind and not kind["pattern"].startswith("^[0-9a-f]{2}-")
    return frozenset([int(length[2]) + (length[1] is not None)]) if length is not None and is_telling else frozenset()
