"""The AsyncAPI document is what the declarations say, and valid by the rules of its specification."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from tests.schemas.asyncapi_specification import official_schema

from casebus_schemas import DECLARATIONS, EVENT_MODELS, partitions_of
from casebus_schemas.asyncapi import as_text, document, main

COMMITTED = Path(__file__).parents[2] / "schemas" / "asyncapi.json"


def references(part: object) -> Iterator[str]:
    match part:
        case {"$ref": str(target)}:
            yield target
        case dict():
            for value in part.values():
                yield from references(value)
        case list():
            for value in part:
                yield from references(value)


def found(root: dict[str, Any], target: str) -> Any:
    """What a reference leads to; raises when it leads nowhere."""
    if target.startswith("./"):
        return json.loads((COMMITTED.parent / target).read_text(encoding="utf-8"))
    part: Any = root
    for name in target.removeprefix("#/").split("/"):
        part = part[name]
    return part


def test_the_committed_document_is_current() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == as_text()


def test_check_finds_a_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "asyncapi.json"
    assert main(["check", str(path)]) == 1
    assert main(["write", str(path)]) == 0
    assert main(["check", str(path)]) == 0
    path.write_text(path.read_text().replace('"partitions": 2', '"partitions": 3'))
    assert main(["check", str(path)]) == 1
    assert "not what the declarations say" in capsys.readouterr().err


@pytest.mark.integration
def test_it_is_valid_by_the_official_schema() -> None:
    schema = official_schema("3.1.0")
    assert [error.message for error in Draft7Validator(schema).iter_errors(document())] == []
    broken = document()
    del broken["operations"]["send-rejected"]["action"]
    assert list(Draft7Validator(schema).iter_errors(broken)) != []


def test_every_reference_leads_somewhere() -> None:
    root = document()
    targets = list(references(root))
    assert len(targets) > 3 * len(DECLARATIONS)
    for target in targets:
        assert found(root, target)


def test_every_topic_is_there_with_its_partitions_and_its_messages() -> None:
    root = document()
    assert list(root["channels"]) == [topic.name for topic in DECLARATIONS]
    for topic in DECLARATIONS:
        channel = root["channels"][topic.name]
        assert channel["bindings"]["kafka"]["partitions"] == partitions_of(topic)
        assert channel["messages"]
        assert ("parameters" in channel) == topic.per_agency == ("{ovo}" in channel["address"])


def test_an_operation_names_messages_of_its_own_channel() -> None:
    root = document()
    for operation in root["operations"].values():
        channel = operation["channel"]["$ref"]
        assert all(message["$ref"].startswith(f"{channel}/messages/") for message in operation["messages"])
        assert len(operation["messages"]) == len(found(root, channel)["messages"])


def test_the_bus_receives_events_and_nothing_else() -> None:
    root = document()
    received = [operation for operation in root["operations"].values() if operation["action"] == "receive"]
    [submitted] = received
    names = {found(root, message["$ref"])["$ref"] for message in submitted["messages"]}
    assert {found(root, name)["name"] for name in names} == {
        model.model_fields["type"].default for model in EVENT_MODELS
    }
