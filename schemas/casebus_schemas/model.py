"""What all models of the contract share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict


class ContractModel(BaseModel):
    """Closed, immutable and strict: an unknown field, a number for a text or a time without offset is an error.

    Closed, because a misspelt ``due_att`` that is silently ignored is a citizen who misses a deadline.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


UtcDatetime = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A moment; must carry an offset, is kept and written in UTC (``2026-11-24T12:00:00Z``)."""
