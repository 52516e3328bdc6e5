"""The OpenAPI 3.1 document, made from the table of operations.

``python -m casebus_consumers.profile.api.openapi write FILE`` writes it, ``check FILE`` exits 1 when a committed one is
not what the code says.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from casebus_consumers.profile.api.documents import Problem
from casebus_consumers.profile.api.operation import JSON, Operation, Parameter
from casebus_consumers.profile.api.operations import OPERATIONS
from casebus_consumers.profile.problems import MEDIA_TYPE

PATH: Final = "/v1/openapi.json"
COMMITTED: Final = Path(__file__).with_name("openapi.json")
_REF: Final = "#/components/schemas/{model}"
_TEXTS: Final = ("ShortText", "LongText")
_DESCRIPTION: Final = (
    "What is going on between a citizen, company or association and the government, for the portals that show it. "
    "Whose overview it is comes from the bearer token alone. A case whose text is confidential shows none of it to "
    "a login of low assurance. Every error is a problem document (RFC 9457)."
)


def openapi() -> dict[str, Any]:
    """The document. Pure; the same code always gives the same one."""
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "casebus profile", "version": "1", "description": _DESCRIPTION},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "schemas": _schemas(),
        },
    }


def as_text() -> str:
    """The document as it is served and committed."""
    return json.dumps(openapi(), indent=1, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code: 0, or 1 when ``check`` found a difference."""
    parser = argparse.ArgumentParser(prog="python -m casebus_consumers.profile.api.openapi", description=__doc__)
    parser.add_argument("command", choices=["write", "check"])
    parser.add_argument("file", type=Path, metavar="FILE", nargs="?", default=COMMITTED)
    chosen = parser.parse_args(arguments)
    if chosen.command == "write":
        chosen.file.write_text(as_text(), encoding="utf-8")
        return 0
    if chosen.file.read_text(encoding="utf-8") == as_text():
        return 0
    sys.stderr.write(f"{chosen.file}: not what the code says; run `write` and read the difference\n")
    return 1


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.operation_id,
        "summary": operation.summary,
        "description": operation.description,
    }
    if operation.parameters:
        described["parameters"] = [_parameter(parameter) for parameter in operation.parameters]
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": {JSON: {"schema": _reference(operation.body)}}}
    return described | {"responses": _responses(operation)}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.place == "path",
        "description": parameter.description,
        "schema": parameter.schema,
    }


def _responses(operation: Operation) -> dict[str, Any]:
    # Of a stream no more can be said in a schema than that it is text.
    schema = _reference(operation.answer) if operation.media_type == JSON else {"type": "string"}
    answer: dict[str, Any] = {"description": operation.summary, "content": {operation.media_type: {"schema": schema}}}
    responses = {"200": answer}
    if operation.has_entity_tag:
        answer["headers"] = {"ETag": {"schema": {"type": "string"}, "description": "Names this form of the document."}}
        responses["304"] = {"description": "The caller has it."}
    for status in sorted({*operation.refusals, 401, 500, 503}):
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": _reference(Problem)}},
        }
    return responses


def _reference(model: type[Any]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}


def _schemas() -> dict[str, Any]:
    models: list[type[BaseModel]] = [Problem]
    for operation in OPERATIONS:
        models += [operation.answer] if operation.body is None else [operation.answer, operation.body]
    wanted: list[tuple[type[BaseModel], Literal["validation"]]] = [
        (model, "validation") for model in dict.fromkeys(models)
    ]
    _, generated = models_json_schema(wanted, ref_template=_REF)
    schemas: dict[str, Any] = generated["$defs"]
    _as_shown(schemas)
    return dict(sorted(schemas.items()))


def _as_shown(schemas: dict[str, Any]) -> None:
    """Where what is shown is less than what the bus's contract promises, or other."""
    # Of a confidential case nothing that is text is shown to a login of low assurance.
    schemas["CaseContent"]["required"] = ["sensitivity", "status"]
    schemas["Action"]["required"] = ["by"]
    # An overview of nothing is of epoch and version 0, and was never updated.
    overview = schemas["Overview"]
    overview["required"].remove("updated_at")
    for name in ("epoch", "version"):
        overview["properties"][name]["minimum"] = 0
    for name in _TEXTS:
        in_each = schemas[name] | {"description": "One text for each language."}
        schemas[name] = {
            "description": "With the parameter `language` one string, else a text for each language.",
            "anyOf": [{"type": "string"}, in_each],
        }


if __name__ == "__main__":
    sys.exit(main())
