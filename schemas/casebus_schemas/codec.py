"""Records of the bus's own topics: one function each way. Agencies' events have ``decode_event`` / ``encode_event``."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError

from casebus_schemas.errors import UndecodableError
from casebus_schemas.model import ContractModel
from casebus_schemas.reasons import explain

Record = TypeVar("Record", bound=ContractModel)


def encode(record: ContractModel) -> bytes:
    """``record`` as JSON, fields in declared order, absent ones left out."""
    return record.__pydantic_serializer__.to_json(record, exclude_none=True)


def decode(model: type[Record], value: bytes) -> Record:
    """The record in ``value``. Raises ``UndecodableError``, which names fields and rules, never values."""
    try:
        return model.model_validate_json(value)
    except ValidationError as error:
        problem = "; ".join(str(reason) for reason in explain(error))
    # Raised out here, so that pydantic's error, which holds the input, does not travel along as its context.
    raise UndecodableError(problem)
