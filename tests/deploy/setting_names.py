"""Whether an environment variable is a setting of ours: a misspelt one would be ignored in silence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import get_args

from pydantic import BaseModel

from casebus_consumers.notifier.settings import NotifierSettings
from casebus_consumers.profile.settings import ProfileSettings
from casebus_streams.settings import StreamsSettings
from casebus_streams.sources.settings import SourcesSettings

_MODELS = (StreamsSettings, SourcesSettings, ProfileSettings, NotifierSettings)


def unknown_settings(environment: Mapping[str, object]) -> list[str]:
    """Variables with our prefix that no process reads."""
    known = {name for model in _MODELS for name in _variables(model, "CASEBUS_")}
    ours = (name for name in environment if name.startswith("CASEBUS_"))
    return [name for name in ours if name not in known and not re.fullmatch(r"CASEBUS_KAFKA__EXTRA__[A-Z_]+", name)]


def _variables(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        variable = f"{prefix}{name.upper()}"
        section = _section(field.annotation)
        if section is None:
            yield variable
        else:
            yield from _variables(section, f"{variable}__")


def _section(annotation: object) -> type[BaseModel] | None:
    """The model of a nested section, which may be optional."""
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None
