"""The published JSON Schemas: committed as generated, valid themselves, and as strict as JSON Schema can be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator
from tests.schemas.golden import SCHEMAS, Example, invalid_examples, valid_examples
from tests.schemas.strategies import accepted_events, changes, overviews

from casebus_schemas import Change, Overview, encode, json_schema
from casebus_schemas.accepted import AcceptedEvent

COMMITTED = SCHEMAS / "json"
BEYOND_JSON_SCHEMA = {
    "insz.check-digits",
    "kbo.check-digits",
    "establishment.check-digits",
    "subject.case-id",
    "corrects.earlier",
    "text.national-number",
    "time.range",
    "event.size",
    "json.syntax",
    "json.depth",
}
"""Rules between fields, arithmetic, calendars, and JSON itself."""


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((COMMITTED / f"{name}.json").read_text(encoding="utf-8")))


def validator_of(event: Any) -> Draft202012Validator:
    kind = event.get("type") if isinstance(event, dict) else None
    name = str(kind).removeprefix("be.vlaanderen.")
    return validator(name if (COMMITTED / f"{name}.json").exists() else "case.status-changed.v1")


def test_committed_schemas_are_what_the_models_say() -> None:
    assert json_schema.differences(COMMITTED) == []


def test_check_names_the_file_that_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert json_schema.main(["write", str(tmp_path)]) == 0
    assert json_schema.main(["check", str(tmp_path)]) == 0
    (tmp_path / "overview.json").write_text("{}", encoding="utf-8")
    (tmp_path / "change.json").unlink()
    (tmp_path / "case.status-changed.v0.json").write_text("{}", encoding="utf-8")
    assert json_schema.main(["check", str(tmp_path)]) == 1
    named = [Path(line.split(":")[0]).name for line in capsys.readouterr().err.splitlines()]
    assert named == ["case.status-changed.v0.json", "change.json", "overview.json"]


@pytest.mark.parametrize("name", json_schema.published())
def test_schema_is_itself_valid_and_names_itself(name: str) -> None:
    schema = json.loads((COMMITTED / name).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:be:vlaanderen:casebus:{name.removesuffix('.json')}"
    assert schema["title"]
    assert schema["description"]


@pytest.mark.parametrize("example", valid_examples(), ids=lambda example: example.name)
def test_valid_example_satisfies_the_committed_schema(example: Example) -> None:
    event = json.loads(example.value)
    assert [error.message for error in validator_of(event).iter_errors(event)] == []


@pytest.mark.parametrize(
    "example",
    [
        example
        for example in invalid_examples()
        if not {rule for _, rule in example.reasons} & BEYOND_JSON_SCHEMA and example.name != "time-no-such-day"
    ],
    ids=lambda example: example.name,
)
def test_invalid_example_breaks_the_committed_schema_too(example: Example) -> None:
    event = json.loads(example.value)
    assert not validator_of(event).is_valid(event)


@pytest.mark.parametrize("attribute", ["specversion", "type"])
def test_constants_of_the_envelope_must_be_written(attribute: str) -> None:
    event = json.loads(valid_examples()[0].value)
    assert validator_of(event).is_valid(event)
    del event[attribute]
    assert not validator_of(event).is_valid(event)


@settings(max_examples=25, deadline=None)
@given(accepted=accepted_events(), overview=overviews(), change=changes())
def test_records_satisfy_their_schemas(accepted: AcceptedEvent, overview: Overview, change: Change) -> None:
    for name, record in {"accepted-event": accepted, "overview": overview, "change": change}.items():
        assert [error.message for error in validator(name).iter_errors(json.loads(encode(record)))] == []
