"""How fresh what an agency says is: for the citizen's page, and for whoever must call the agency."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from casebus_schemas.identifiers import OvoCode
from casebus_schemas.model import ContractModel, UtcDatetime

Count = Annotated[int, Field(ge=0)]


class SourceState(StrEnum):
    """``silent``: nothing for much longer than the agency's own rhythm."""

    ACTIVE = "active"
    SILENT = "silent"


class AgencyActivity(ContractModel):
    """What intake handled of one agency's events in the interval that ends at ``until``."""

    agency: OvoCode
    until: UtcDatetime
    accepted: Count = 0
    rejected: Count = 0
    warnings: Count = 0
    last_event_at: UtcDatetime | None = None


class SourceFreshness(ContractModel):
    """When an agency was last heard of, and whether that is as usual.

    ``usual_interval_seconds`` is how long it is usually silent at most, absent until enough was seen.
    """

    agency: OvoCode
    state: SourceState
    last_event_at: UtcDatetime | None = None
    usual_interval_seconds: Count | None = None
    accepted_last_day: Count = 0
    rejected_last_day: Count = 0
    updated_at: UtcDatetime
