"""When the comparison of two schemas finds nothing, nothing that was valid is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from casebus_schemas.narrowing import Narrowings

Schema = dict[str, Any]
NAMES = ("a", "b")

scalars = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["", "x", "xy", "xyz"]))
instances = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(NAMES), inner), max_leaves=5
)
texts = st.fixed_dictionaries(
    {"type": st.just("string")},
    optional={
        "minLength": st.integers(0, 2),
        "maxLength": st.integers(1, 3),
        "pattern": st.sampled_from(["^x", "y"]),
        "enum": st.lists(st.sampled_from(["x", "xy", "xyz"]), min_size=1, unique=True),
    },
)
numbers = st.fixed_dictionaries(
    {"type": st.sampled_from(["integer", "number"])},
    optional={"minimum": st.integers(-2, 2), "maximum": st.integers(-2, 3), "const": st.integers(-1, 2)},
)
leaves = st.one_of(texts, numbers, st.just({"type": "null"}), st.just({"type": ["boolean", "null"]}))


def containers(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    objects = st.fixed_dictionaries(
        {"type": st.just("object"), "properties": st.dictionaries(st.sampled_from(NAMES), inner)},
        optional={
            "required": st.lists(st.sampled_from(NAMES), unique=True),
            "additionalProperties": st.booleans() | inner,
            "propertyNames": st.sampled_from([{"pattern": "^a"}, {"maxLength": 1}]),
        },
    )
    arrays = st.fixed_dictionaries(
        {"type": st.just("array"), "items": inner},
        optional={"minItems": st.integers(0, 1), "maxItems": st.integers(0, 2)},
    )
    unions = st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=2)})
    return objects | arrays | unions


schemas = st.recursive(leaves, containers, max_leaves=5)


@st.composite
def changed(draw: st.DrawFn, schema: Any) -> Any:
    """The same schema with few differences: two unrelated ones seldom have anything to do with each other."""
    if not isinstance(schema, dict) or draw(st.integers(0, 7)) == 0:
        return draw(schemas) if isinstance(schema, dict) else schema
    kept = {name: value for name, value in schema.items() if name in ("type", "properties") or draw(st.integers(0, 5))}
    return {name: draw(_changed_value(name, value)) for name, value in kept.items()}


def _changed_value(name: str, value: Any) -> st.SearchStrategy[Any]:
    match name, value:
        case "properties", dict():
            return st.fixed_dictionaries({key: changed(inner) for key, inner in value.items()})
        case (("items" | "additionalProperties"), dict()):
            return changed(value)
        case "anyOf", list():
            return st.tuples(*[changed(inner) for inner in value]).map(list)
        case ("minimum" | "maximum", int()):
            return st.integers(value - 1, value + 1)
        case ("minLength" | "maxLength" | "minItems" | "maxItems", int()):
            return st.integers(value - 1, value + 1).map(lambda number: max(0, number))
        case _:
            return st.just(value)


def near(schema: Schema) -> st.SearchStrategy[Any]:
    """Instances of about the schema's shape, on both sides of its limits."""
    match schema:
        case {"anyOf": branches}:
            return st.one_of([near(branch) for branch in branches])
        case {"type": "object", "properties": dict(fields)}:
            others = dict.fromkeys(NAMES, scalars)
            return st.fixed_dictionaries({}, optional=others | {name: near(inner) for name, inner in fields.items()})
        case {"type": "array", "items": inner}:
            return st.lists(near(inner), max_size=2)
        case {"type": "integer" | "number"}:
            return st.integers(-3, 4)
        case {"type": "string"}:
            return st.sampled_from(["", "x", "xy", "xyz", "yy"])
        case _:
            return instances


def is_valid(schema: Schema, instance: object) -> bool:
    return Draft202012Validator(schema).is_valid(instance)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_what_is_found_compatible_is_compatible(data: st.DataObject) -> None:
    old = data.draw(schemas)
    new = data.draw(changed(old))
    assume(not Narrowings(old, new).all())
    for instance in data.draw(st.lists(near(old) | near(new), min_size=20, max_size=20)):
        assert is_valid(new, instance) or not is_valid(old, instance)


@settings(max_examples=100)
@given(schemas)
def test_a_schema_does_not_narrow_itself(schema: Schema) -> None:
    assert Narrowings(schema, schema).all() == []


def found(old: Schema, new: Schema, *, ignores_unknown: bool = False) -> list[str]:
    return [f"{one.path} {one.keyword}" for one in Narrowings(old, new, ignores_unknown=ignores_unknown).all()]


def closed(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False}


TEXT: Schema = {"type": "string"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (closed(a=TEXT), closed(a=TEXT, b=TEXT), []),
        (closed(a=TEXT), closed(), ["a additionalProperties"]),
        (closed(a=TEXT), closed(a=TEXT) | {"required": ["a"]}, ["a required"]),
        (closed(a=TEXT) | {"required": ["a"]}, closed(a=TEXT), []),
        (closed(a=TEXT), closed(a={"type": "integer"}), ["a type"]),
        (closed(a=TEXT | {"maxLength": 5}), closed(a=TEXT | {"maxLength": 4}), ["a maxLength"]),
        (closed(a=TEXT | {"maxLength": 5}), closed(a=TEXT | {"maxLength": 6}), []),
        (closed(a=TEXT), closed(a=TEXT | {"pattern": "^x"}), ["a pattern"]),
        (closed(a={"enum": ["x", "y"]}), closed(a={"enum": ["x"]}), ["a enum"]),
        (closed(a={"enum": ["x"]}), closed(a={"enum": ["x", "y"]}), []),
        (closed(a={"anyOf": [TEXT, {"type": "null"}]}), closed(a=TEXT), ["a type"]),
        (closed(a=TEXT), closed(a={"anyOf": [TEXT, {"type": "null"}]}), []),
        ({"type": "array", "items": TEXT}, {"type": "array", "items": {"type": "null"}}, ["* type"]),
        ({"type": "object", "additionalProperties": TEXT}, closed(a=TEXT), ["(others) additionalProperties"]),
    ],
)
def test_kinds_of_changes(old: Schema, new: Schema, expected: list[str]) -> None:
    assert found(old, new) == expected


def test_a_definition_that_changed_is_seen_through_its_reference() -> None:
    def schema(longest: int) -> Schema:
        return closed(a={"$ref": "#/$defs/Text"}) | {"$defs": {"Text": TEXT | {"maxLength": longest}}}

    assert found(schema(5), schema(4)) == ["a maxLength"]
    assert found(schema(4), schema(5)) == []


def test_a_reader_that_ignores_unknown_fields_needs_those_it_knows() -> None:
    known = closed(a=TEXT) | {"required": ["a"]}
    assert found(closed(a=TEXT, b=TEXT) | {"required": ["a", "b"]}, known, ignores_unknown=True) == []
    assert found(closed(a=TEXT, b=TEXT), known, ignores_unknown=True) == ["a required"]
