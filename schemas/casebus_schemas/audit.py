"""One line of the audit log: what an operator did, who, why, and the hash that chains it to the line before."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from casebus_schemas.model import ContractModel, UtcDatetime
from casebus_schemas.national_number import redact
from casebus_schemas.text import PRINTABLE


def _without_number(text: str) -> str:
    if redact(text) != text:
        raise PydanticCustomError("audit.national-number", "reads as a national number: the log is kept for ever")
    return text


AuditText = Annotated[str, Field(min_length=1, max_length=500, pattern=PRINTABLE), AfterValidator(_without_number)]
"""A reason or a detail: at most 500 characters, and nothing that reads as a national number."""
Ticket = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/:#-]{0,63}$"), AfterValidator(_without_number)]
"""What the request is called where requests are kept, ``DPO-2026-17``."""


class ActState(StrEnum):
    """``begun`` stands in the log before anything is done. Without a second line, nobody knows how it ended."""

    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"


class AuditEntry(ContractModel):
    """One line. ``sequence`` counts from 1 without a gap; ``act_id`` is the same in both lines of an act.

    ``who`` is what the operator's machine says; ``principal`` is the user that Kafka knows them by, when the brokers
    ask. ``details`` never name a party. ``hash`` is SHA-256, in hexadecimal, over the hash of the line before (nothing
    before the first) and this line as canonical JSON without its hash: keys sorted, no white space, no absent fields.
    """

    sequence: Annotated[int, Field(ge=1)]
    at: UtcDatetime
    act_id: UUID
    act: Annotated[str, Field(pattern=r"^[a-z][a-z0-9.-]{0,63}$")]
    state: ActState
    who: AuditText
    principal: AuditText | None = None
    reason: AuditText | None = None
    ticket: Ticket | None = None
    details: dict[str, AuditText] = Field(default_factory=dict)
    hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
