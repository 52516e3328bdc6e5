"""Which topic holds the overviews: the one record of the epochs topic."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from casebus_schemas.model import ContractModel

EPOCH_KEY: Final = b"overviews"
"""The key of the record."""


class EpochState(StrEnum):
    """``switching``: no worker may write overviews until the next record says ``live``; readers go on reading."""

    LIVE = "live"
    SWITCHING = "switching"


class OverviewsEpoch(ContractModel):
    """Overviews are read from ``topic``, and everything in it carries ``epoch``, which rises with each rebuild.

    Without a record it is the first epoch: ``Topics(prefix).first_epoch``.
    """

    epoch: Annotated[int, Field(ge=1)]
    topic: str
    state: EpochState
