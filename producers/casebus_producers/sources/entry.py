"""One line of input, read."""

from __future__ import annotations

from dataclasses import dataclass

from casebus_producers.tally import Refusal
from casebus_schemas import CaseEvent


@dataclass(frozen=True, slots=True)
class ReadEvent:
    """A valid event and the line it began on, from 1."""

    line: int
    event: CaseEvent


Entry = ReadEvent | Refusal
"""A valid event, or why the line is none."""
