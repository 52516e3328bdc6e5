"""What can go wrong with an event, as values an agency can act on.

``SchemaError``
    ``InvalidEventError``    the bytes or the event break the contract: fix and send again, never retry as is
    ``InvalidNumberError``   one identifier breaks its own rule (raised by the ``parse_*`` functions)
    ``UndecodableError``     a record of the bus's own topics cannot be read: dead-letter it
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict


class Reason(BaseModel):
    """One rule that an event breaks: where, which, and what to do. Never holds the offending value."""

    model_config = ConfigDict(frozen=True)

    field: str
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message} [{self.rule}]"


class SchemaError(Exception):
    """Root of this package's errors."""


class InvalidEventError(SchemaError, ValueError):
    """An event breaks the contract; ``reasons`` lists every broken rule that was found. Fix it: a retry cannot help."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("; ".join(str(reason) for reason in self.reasons))


class InvalidNumberError(SchemaError, ValueError):
    """An identifier breaks its rule. Carries the rule's name, never the number."""

    def __init__(self, rule: str, message: str) -> None:
        self.rule = rule
        super().__init__(f"{message} [{rule}]")


class UndecodableError(SchemaError, ValueError):
    """A record of one of the bus's own topics does not fit its model: dead-letter it. Names fields, never values."""
