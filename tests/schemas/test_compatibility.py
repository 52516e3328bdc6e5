"""The gate, with a made-up field on the models that are published."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from casebus_schemas.compatibility import incompatibilities, main
from casebus_schemas.json_schema import published

REPOSITORY = Path(__file__).parents[2]
RELEASED = REPOSITORY / "schemas" / "released"
EXAMPLES = REPOSITORY / "schemas" / "examples" / "valid"
EVENT = "case.status-changed.v1.json"
RECORD = "notification-outcome.json"

Schema = dict[str, Any]


def with_change(name: str, change: Callable[[Schema], object]) -> list[str]:
    """What the gate says of the published schemas after ``change`` to one of them."""
    present = published()
    schema = json.loads(present[name])
    change(schema)
    return incompatibilities(published(), {**present, name: json.dumps(schema)})


def add_field(schema: Schema) -> None:
    schema["properties"]["tone"] = {"type": "string"}


def add_required_field(schema: Schema) -> None:
    add_field(schema)
    schema["required"].append("tone")


def add_state(schema: Schema) -> None:
    schema["$defs"]["NotificationState"]["enum"].append("postponed")


def add_phase(schema: Schema) -> None:
    schema["$defs"]["Phase"]["enum"].append("mediation")


def test_what_is_published_gets_on_with_what_was_released() -> None:
    assert main(["check", str(RELEASED)]) == 0


def test_every_published_schema_was_released() -> None:
    assert {path.name for path in RELEASED.glob("*.json")} == published().keys()


def test_every_valid_example_is_valid_by_the_released_schemas() -> None:
    events = [json.loads(path.read_text(encoding="utf-8")) for path in EXAMPLES.glob("*.json")]
    assert events
    for event in events:
        name = event["type"].removeprefix("be.vlaanderen.")
        schema = json.loads((RELEASED / f"{name}.json").read_text(encoding="utf-8"))
        Draft202012Validator(schema).validate(event)


def test_an_optional_field_may_come() -> None:
    assert with_change(RECORD, add_field) == []

    def add_to_data(schema: Schema) -> None:
        add_field(schema["$defs"]["StatusChanged"])

    assert with_change(EVENT, add_to_data) == []


def test_an_envelope_attribute_may_not_come_since_agencies_may_use_its_name() -> None:
    [problem] = with_change(EVENT, add_field)
    assert problem == f"{EVENT}: what was valid is refused: tone: must be string now [type]"


def test_a_required_field_may_not_come() -> None:
    [problem] = with_change(RECORD, add_required_field)
    assert problem == f"{RECORD}: what was valid is refused: tone: must be given now [required]"


def test_a_field_may_not_go() -> None:
    assert with_change(RECORD, lambda schema: schema["properties"].pop("reason")) == [
        f"{RECORD}: what was valid is refused: reason: is not allowed any more [additionalProperties]"
    ]


def test_a_new_value_may_come_in_what_agencies_write_and_not_in_what_they_read() -> None:
    assert with_change(EVENT, add_phase) == []
    [problem] = with_change(RECORD, add_state)
    assert "what is new cannot be read by the released version: state: may not be postponed any more" in problem


def test_a_version_may_come_and_may_not_go() -> None:
    present = published()
    second = present[EVENT].replace("status-changed.v1", "status-changed.v2")
    assert incompatibilities(present, present | {"case.status-changed.v2.json": second}) == []
    del present[EVENT]
    assert incompatibilities(published(), present) == [
        f"{EVENT}: is not published any more; a new version gets a file of its own, beside this one"
    ]


def test_release_refuses_what_check_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["release", str(tmp_path)]) == 0
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == published()
    schema = json.loads((tmp_path / RECORD).read_text(encoding="utf-8"))
    add_field(schema)  # as if it had been released and were gone now
    (tmp_path / RECORD).write_text(json.dumps(schema), encoding="utf-8")
    assert main(["check", str(tmp_path)]) == 1
    assert main(["release", str(tmp_path)]) == 1
    assert "tone: is not allowed any more" in capsys.readouterr().err
    assert json.loads((tmp_path / RECORD).read_text(encoding="utf-8")) == schema


def test_the_page_shows_how_to_check_and_what_it_says() -> None:
    page = (REPOSITORY / "docs" / "agencies" / "schema-evolution.md").read_text(encoding="utf-8")
    commands = [line for line in page.splitlines() if line.startswith("python3 -m casebus_schemas.compatibility ")]
    assert [command.split()[3:] for command in commands] == [
        ["check", "schemas/released"],
        ["release", "schemas/released"],
    ]
    for line in page.splitlines():
        if line.startswith(f"{RECORD}: "):
            assert line in with_change(RECORD, add_state)
            break
    else:
        pytest.fail("the page shows no finding")
