"""The contract as JSON Schema 2020-12, for everyone who does not use these models.

``python -m casebus_schemas.json_schema write DIR`` writes the files, ``check DIR`` exits 1 when a committed one is
not what the models say.
"""

from __future__ import annotations

import argparse
import inspect
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from casebus_schemas.accepted import AcceptedEvent
from casebus_schemas.audit import AuditEntry
from casebus_schemas.change import Change
from casebus_schemas.control import Clock, Erased, Merged
from casebus_schemas.dead_letter import DeadLetter
from casebus_schemas.epoch import OverviewsEpoch
from casebus_schemas.events import EVENT_MODELS
from casebus_schemas.notification import NotificationOutcome
from casebus_schemas.overview import Overview
from casebus_schemas.preferences import Preferences
from casebus_schemas.rejection import Rejection
from casebus_schemas.sent_notification import SentNotification
from casebus_schemas.sources import AgencyActivity, SourceFreshness

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_EVENT_PREFIX: Final = "be.vlaanderen."
_RECORD_MODELS: Final[dict[str, type[BaseModel]]] = {
    "accepted-event": AcceptedEvent,
    "control-erased": Erased,
    "control-merged": Merged,
    "control-clock": Clock,
    "overview": Overview,
    "change": Change,
    "rejection": Rejection,
    "dead-letter": DeadLetter,
    "agency-activity": AgencyActivity,
    "source-freshness": SourceFreshness,
    "preferences": Preferences,
    "notification-outcome": NotificationOutcome,
    "sent-notification": SentNotification,
    "overviews-epoch": OverviewsEpoch,
    "audit-entry": AuditEntry,
}
_ONLY_IN_WORDS: Final = (
    "A valid event also has: at most 65536 bytes; check digits that are right; subject equal to data.case_id; "
    "corrects lower than sequence; no national number anywhere but in data.parties."
)
"""What JSON Schema cannot express; stands in each event's schema as ``$comment``."""
_ATTRIBUTE_NAME_PATTERN: Final = "^[a-z0-9]{1,20}$"
"""Members that are not ours are extension attributes, whose names CloudEvents limits."""


def published() -> dict[str, str]:
    """File name to text of every published schema. Pure; the same models always give the same bytes."""
    return _event_schemas() | {
        f"{name}.json": _as_text(_schema(model, name, title=model.__name__)) for name, model in _RECORD_MODELS.items()
    }


def differences(folder: Path) -> list[str]:
    """Files in ``folder`` that are not as published: missing, changed, or no longer published. Reads files."""
    expected = published()
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    return sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))


def write(folder: Path) -> None:
    """Write every published schema into ``folder``, which is made when absent."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in published().items():
        (folder / name).write_text(text, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code: 0, or 1 when ``check`` found a difference."""
    parser = argparse.ArgumentParser(prog="python -m casebus_schemas.json_schema", description=__doc__)
    parser.add_argument("command", choices=["write", "check"])
    parser.add_argument("folder", type=Path, metavar="DIR")
    chosen = parser.parse_args(arguments)
    if chosen.command == "write":
        write(chosen.folder)
        return 0
    different = differences(chosen.folder)
    for name in different:
        sys.stderr.write(f"{chosen.folder / name}: not what the models say; run `write` and read the difference\n")
    return 1 if different else 0


class _Published(GenerateJsonSchema):
    """Pydantic's generator, without its noise and with what the contract makes mandatory on the wire."""

    def field_is_required(
        self,
        field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField,
        total: bool,
    ) -> bool:
        """A constant is a default only for who builds an event in Python; its reader must find it."""
        inner = field["schema"]
        return super().field_is_required(field, total) or (
            inner["type"] == "default" and inner["schema"]["type"] == "literal"
        )

    def field_title_should_be_set(self, schema: object) -> bool:
        """Never: a title that repeats the field's name says nothing."""
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Without the default: an absent field is absent."""
        return self.generate_inner(schema["schema"])


def _event_schemas() -> dict[str, str]:
    files = {}
    for model in EVENT_MODELS:
        kind: str = model.model_fields["type"].default
        name = kind.removeprefix(_EVENT_PREFIX)
        about = {
            "description": inspect.getdoc(model.model_fields["data"].annotation),
            "$comment": _ONLY_IN_WORDS,
            "propertyNames": {"pattern": _ATTRIBUTE_NAME_PATTERN},
        }
        files[f"{name}.json"] = _as_text(_schema(model, name, title=kind) | about)
    return files


def _schema(model: type[BaseModel], name: str, *, title: str) -> dict[str, Any]:
    identity = {"$schema": _DIALECT, "$id": f"urn:be:vlaanderen:casebus:{name}", "title": title, "description": ""}
    generated = model.model_json_schema(schema_generator=_Published, mode="validation")
    return identity | generated | {"title": title}


def _as_text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False).replace("``", "`") + "\n"


if __name__ == "__main__":
    sys.exit(main())
