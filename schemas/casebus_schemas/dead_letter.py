"""A record that no code could handle, kept for the operator."""

from __future__ import annotations

from typing import Annotated

from pydantic import Base64Bytes, Field

from casebus_schemas.model import ContractModel
from casebus_schemas.rejection import Position


class DeadLetter(ContractModel):
    """Where the record came from, why it is here, and its bytes.

    ``original`` and ``key`` are absent for a record from before pseudonymisation: it stays readable at ``position``
    for as long as its own topic keeps it, and no national number gets into this topic.
    """

    position: Position
    stage: str
    reason: str
    error: str
    attempt: Annotated[int, Field(ge=1)] = 1
    key: Base64Bytes | None = Field(default=None, repr=False)
    original: Base64Bytes | None = Field(default=None, repr=False)
