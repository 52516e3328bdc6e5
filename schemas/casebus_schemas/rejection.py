"""What the bus tells an agency about an event it refused, or accepted with a remark."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Base64Bytes, Field

from casebus_schemas.errors import Reason
from casebus_schemas.identifiers import OvoCode
from casebus_schemas.model import ContractModel


class Position(ContractModel):
    """Where a record lies: topic, partition, offset."""

    topic: str
    partition: Annotated[int, Field(ge=0)]
    offset: Annotated[int, Field(ge=0)]


class Verdict(StrEnum):
    """Whether the event takes part in the overview."""

    REJECTED = "rejected"
    ACCEPTED_WITH_WARNINGS = "accepted-with-warnings"


class Rejection(ContractModel):
    """Why, machine-readable. ``original`` is the record's value as it came, for a rejected event only.

    ``event_id`` and ``case_id`` are given when they could be read. A tombstone has no ``original``.
    """

    verdict: Verdict
    agency: OvoCode
    reasons: Annotated[tuple[Reason, ...], Field(min_length=1, strict=False)]
    position: Position
    event_id: str | None = None
    case_id: str | None = None
    original: Base64Bytes | None = Field(default=None, repr=False)
