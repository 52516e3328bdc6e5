"""The bus as an AsyncAPI 3.1 document, for everyone who does not use these models: topics, keys, messages.

``python -m casebus_schemas.asyncapi write FILE`` writes it, ``check FILE`` exits 1 when a committed one is not what the
declarations say. It refers to the JSON Schemas in ``json/`` beside it.
"""

from __future__ import annotations

import argparse
import inspect
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from casebus_schemas.events import EVENT_MODELS
from casebus_schemas.json_schema import published
from casebus_schemas.topics import DECLARATIONS, SUBMITTED, TopicDeclaration, Topics, partitions_of

VERSION: Final = "1.1.0"
"""Of the interface, not of the program: rises when the contract does (``docs/agencies/schema-evolution.md``)."""
_SCHEMA_FORMAT: Final = "application/schema+json;version=draft-2020-12"
_BINDING_VERSION: Final = "0.5.0"
_EVENT_CONTENT_TYPE: Final = "application/cloudevents+json"
_ABOUT: Final = (
    "The status of citizens' cases, from the agencies that handle them to one overview. This document describes the "
    "bus itself: it receives what is submitted and sends all else, so that an agency sends to `submitted` and receives "
    "from `rejected` and `outcomes`. Topic names have the usual prefix `case-status`; a bus may have another one."
)
_PARTITIONING: Final = (
    "A record's partition is murmur2 of its key, as Kafka's Java client computes it: the order of a case depends on it."
)


def document() -> dict[str, Any]:
    """The whole document. Pure; the same declarations always give the same one."""
    models = {topic.name: _models(topic) for topic in DECLARATIONS}
    return {
        "asyncapi": "3.1.0",
        "id": "urn:be:vlaanderen:casebus",
        "info": {
            "title": "casebus",
            "version": VERSION,
            "description": _ABOUT,
            "license": {"name": "EUPL-1.2", "url": "https://eupl.eu/1.2/en/"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic, models[topic.name]) for topic in DECLARATIONS},
        "operations": dict(_operation(topic, models[topic.name]) for topic in DECLARATIONS),
        "components": {"messages": dict(_messages(DECLARATIONS))},
    }


def as_text() -> str:
    """The document as it is committed."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code: 0, or 1 when ``check`` found a difference."""
    parser = argparse.ArgumentParser(prog="python -m casebus_schemas.asyncapi", description=__doc__)
    parser.add_argument("command", choices=["write", "check"])
    parser.add_argument("file", type=Path, metavar="FILE")
    chosen = parser.parse_args(arguments)
    if chosen.command == "write":
        chosen.file.write_text(as_text(), encoding="utf-8")
        return 0
    if chosen.file.exists() and chosen.file.read_text(encoding="utf-8") == as_text():
        return 0
    sys.stderr.write(f"{chosen.file}: not what the declarations say; run `write` and read the difference\n")
    return 1


def _models(topic: TopicDeclaration) -> dict[str, type[BaseModel]]:
    """The messages of a topic by name: an event's type without its prefix, or the model of a record."""
    if topic is SUBMITTED:
        return {_event_name(model): model for model in EVENT_MODELS}
    records = (*(() if topic.model is None else (topic.model,)), *topic.controls)
    return {model.__name__: model for model in records}


def _event_name(model: type[BaseModel]) -> str:
    kind: str = model.model_fields["type"].default
    return kind.removeprefix("be.vlaanderen.")


def _channel(topic: TopicDeclaration, models: Iterable[str]) -> dict[str, Any]:
    suffix = ".{ovo}" if topic.per_agency else ""
    channel: dict[str, Any] = {
        "address": f"{Topics().prefix}.{topic.name}{suffix}",
        "description": f"Written by {topic.writer}; read by {topic.readers}. Record key: {topic.key}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in models},
        "bindings": {
            "kafka": {
                "partitions": partitions_of(topic),
                "topicConfiguration": {name: _setting(name, value) for name, value in topic.config.items()},
                "bindingVersion": _BINDING_VERSION,
            }
        },
    }
    if topic.per_agency:
        channel["parameters"] = {"ovo": {"description": "The agency's OVO code.", "examples": ["OVO000123"]}}
    if topic is SUBMITTED:
        channel["description"] += f" {_PARTITIONING}"
    if topic.by_party:
        channel["description"] += (
            " A record's partition is murmur2 of the party_ref alone, whatever else its key holds."
        )
    return channel


def _setting(name: str, value: str) -> str | int | list[str]:
    """A topic's setting in the form that the Kafka binding prescribes."""
    if name == "cleanup.policy":
        return value.split(",")
    return int(value) if value.removeprefix("-").isdigit() else value


def _operation(topic: TopicDeclaration, models: Iterable[str]) -> tuple[str, dict[str, Any]]:
    is_received = topic is SUBMITTED
    name = f"{'receive' if is_received else 'send'}-{topic.name}"
    return name, {
        "action": "receive" if is_received else "send",
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "messages": [{"$ref": f"#/channels/{topic.name}/messages/{message}"} for message in models],
    }


def _messages(topics: Iterable[TopicDeclaration]) -> Iterator[tuple[str, dict[str, Any]]]:
    file_of = {json.loads(text)["title"]: name for name, text in published().items()}
    for topic in topics:
        for name, model in _models(topic).items():
            title = model.model_fields["type"].default if topic is SUBMITTED else name
            yield name, _message(topic, model, name=name, title=title, file=file_of[title])


def _message(topic: TopicDeclaration, model: type[BaseModel], *, name: str, title: str, file: str) -> dict[str, Any]:
    return {
        "name": title,
        "title": name,
        "summary": _summary(model),
        "contentType": _EVENT_CONTENT_TYPE if topic is SUBMITTED else "application/json",
        "payload": {"schemaFormat": _SCHEMA_FORMAT, "schema": {"$ref": f"./json/{file}"}},
        "bindings": {
            "kafka": {"key": {"type": "string", "description": topic.key}, "bindingVersion": _BINDING_VERSION}
        },
    }


def _summary(model: type[BaseModel]) -> str:
    """The first line of what a record says, or of what an event's data do."""
    data = model.model_fields.get("data")
    described = model if data is None else data.annotation
    return (inspect.getdoc(described) or "").partition("\n")[0].replace("``", "`")


if __name__ == "__main__":
    sys.exit(main())
