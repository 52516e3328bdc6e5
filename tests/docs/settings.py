"""The settings and options that the code knows, as the environment variables of the pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from casebus_consumers.profile.settings import ProfileSettings
from casebus_producers.audit.settings import AuditSettings
from casebus_producers.commands.options import Agency
from casebus_producers.outbox.settings import OutboxSettings
from casebus_streams.erasure.settings import ErasureSettings
from casebus_streams.settings import StreamsSettings

OPEN = "<PROPERTY>"
"""Stands for what an operator chooses, in the one setting that takes any property."""


def variables(model: type[BaseModel], prefix: str = "CASEBUS_") -> Iterator[tuple[str, str]]:
    """Each variable with its default as the pages write it."""
    for name, field in model.model_fields.items():
        variable = f"{prefix}{name.upper()}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from variables(field.annotation, f"{variable}__")
        elif name == "extra":
            yield f"{variable}__{OPEN}", "none"
        else:
            yield variable, default_as_text(field.get_default(call_default_factory=True))


def default_as_text(value: Any) -> str:
    if value is PydanticUndefined:
        return "needed"
    if value is None or value == {}:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(sorted(value)) if isinstance(value, frozenset) else str(value)


def is_setting(variable: str) -> bool:
    known = {
        name
        for model in (OutboxSettings, StreamsSettings, ProfileSettings, AuditSettings, ErasureSettings)
        for name, _ in variables(model)
    }
    known.add(get_args(Agency)[1].envvar)
    return variable in known or re.sub(r"(__EXTRA__)[A-Z_]+$", rf"\1{OPEN}", variable) in known
