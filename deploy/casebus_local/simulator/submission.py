"""What the simulator gives out: records for the agencies' topics, each with what it is meant to be."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from casebus_local.simulator.faults import Fault


class What(StrEnum):
    """What the bus must make of a submission."""

    VALID = "valid"
    LATE = "late"  # valid, but a later event of its case came before it
    DUPLICATE = "duplicate"  # the same bytes as an earlier valid or late one
    INVALID = "invalid"


class Submission(NamedTuple):
    """One record: goes to ``agency``'s topic under ``key``. ``fault`` says how an invalid one is broken."""

    agency: str
    key: bytes | None
    value: bytes | None
    what: What
    fault: Fault | None = None
