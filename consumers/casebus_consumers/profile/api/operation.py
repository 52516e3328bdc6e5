"""What an operation of the API is: everything that routes and the OpenAPI document need to know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from casebus_consumers.profile.api.citizen import Handler
from casebus_consumers.profile.services import Services
from casebus_schemas.model import ContractModel

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter with its JSON Schema."""

    name: str
    place: str
    description: str
    schema: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path.

    ``path`` is as in OpenAPI; a path parameter may hold slashes. ``make`` gives its handler. ``action`` is what the
    access log says, None for what is nobody's in particular; ``changes`` something, so that each time is written down.
    ``refusals`` are the statuses, besides 401, 503 and 500, with which it may answer a problem.
    """

    method: str
    path: str
    operation_id: str
    summary: str
    description: str
    make: Callable[[Services], Handler]
    answer: type[ContractModel]
    action: str | None = None
    changes: bool = False
    parameters: tuple[Parameter, ...] = ()
    body: type[ContractModel] | None = None
    media_type: str = JSON
    has_entity_tag: bool = False
    refusals: tuple[int, ...] = ()
