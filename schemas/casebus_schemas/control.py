"""Control records: what happens to a party, or to time itself, in the accepted log, in order with the events.

They stand in the partition of the party they are about, under keys that no event can have (``!`` is in no OVO code).
A reader of the accepted log that wants events only passes over every record whose ``is_control_key`` says so.

* ``Erased``: all that the party's overview holds goes; events after the marker begin a new overview. Undoes ``Merged``.
* ``Merged``: the party's overview is an alias of another from here on; later events go to that one.
* ``Clock``: it is this day; cases whose time is past leave the overviews of this partition.

A tombstone says only that a record is not kept. It takes nothing out of a view: whoever writes one sees to it that the
record has no effect any more. So to erase a party is: the marker, wait until the overview is gone, then a tombstone for
each record *before the marker whose key does not come again after it* (an event that is sent again after the erasure is
new, and a tombstone would delete it), and one for the marker itself last.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from casebus_schemas.errors import UndecodableError
from casebus_schemas.model import ContractModel, UtcDatetime
from casebus_schemas.party import PartyRef
from casebus_schemas.reasons import explain

LEGAL_HOLD_TAG: Final = "legal-hold"
"""The tag with which an agency keeps a case where it is, however long it is closed, until a state comes without it."""

ControlId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]

_CLOCK: Final = "!clock"
_LONGEST: Final = timedelta(days=36_525)
DAYS_PATTERN: Final = r"^P([0-9]{1,5})D$"


def _days(value: object) -> timedelta:
    if isinstance(value, str) and (match := re.fullmatch(DAYS_PATTERN, value)):
        value = timedelta(days=int(match[1]))
    if not isinstance(value, timedelta) or value % timedelta(days=1) or not timedelta(0) < value <= _LONGEST:
        raise ValueError("must be whole days, as in P365D, P1D to P36525D")
    return value


def _as_text(duration: timedelta) -> str:
    return f"P{duration.days}D"


Days = Annotated[
    timedelta,
    BeforeValidator(_days),
    PlainSerializer(_as_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": DAYS_PATTERN}),
]
"""An ISO 8601 duration in days, ``P365D``: months and years have no fixed length."""


class CaseRetention(ContractModel):
    """How long a case stays, counted from its end: the status's ``occurred_at`` when closed, else the withdrawal.

    ``overview_after_closed``: in the overview; absent: for ever. ``log_after_closed``: its events in the accepted log,
    and what the overview still knows of it; absent: for ever.
    """

    overview_after_closed: Days | None = None
    log_after_closed: Days | None = None

    @model_validator(mode="after")
    def _shown_cases_are_in_the_log(self) -> CaseRetention:
        shown, kept = self.overview_after_closed, self.log_after_closed
        if kept is not None and (shown is None or shown > kept):
            raise ValueError("log_after_closed must not be shorter than overview_after_closed, which it needs")
        return self


class RetentionPolicy(ContractModel):
    """``case_types`` overrides ``default`` as a whole. A withdrawn case has no type any more: the default applies."""

    default: CaseRetention = CaseRetention()
    case_types: dict[str, CaseRetention] = Field(default_factory=dict, max_length=2_000)

    def of(self, case_type: str | None) -> CaseRetention:
        """What applies to cases of this type."""
        return self.default if case_type is None else self.case_types.get(case_type, self.default)


class Erased(ContractModel):
    """The party is erased: its overview goes, and nothing is told to anybody."""

    control: Literal["erased"] = "erased"
    party_ref: PartyRef
    erasure_id: ControlId
    at: UtcDatetime


class Merged(ContractModel):
    """The party is one with ``into`` from here on. Of several, the last counts."""

    control: Literal["merged"] = "merged"
    party_ref: PartyRef
    into: PartyRef
    merge_id: ControlId
    at: UtcDatetime


class Clock(ContractModel):
    """A day has begun (``at``: its midnight in UTC), and this is the policy that applies from here on."""

    control: Literal["clock"] = "clock"
    at: UtcDatetime
    policy: RetentionPolicy


Control = Erased | Merged | Clock

_CONTROLS: Final[TypeAdapter[Control]] = TypeAdapter(Annotated[Control, Field(discriminator="control")])


def erased_key(party_ref: str, erasure_id: str) -> str:
    """The record key of an ``Erased``."""
    return f"{party_ref}/!erased/{erasure_id}"


def merged_key(party_ref: str) -> str:
    """The record key of a ``Merged``: a party is merged into one other at most."""
    return f"{party_ref}/!merged"


def clock_key(partition: int, day: date) -> str:
    """The record key of a ``Clock``."""
    return f"{_CLOCK}/{partition}/{day.isoformat()}"


def is_clock_key(key: bytes | str) -> bool:
    """Whether a record of the accepted log is a ``Clock``."""
    return key.startswith(_CLOCK) if isinstance(key, str) else key.startswith(_CLOCK.encode())


def is_control_key(key: bytes | str) -> bool:
    """Whether a record of the accepted log is a control record and no event."""
    if isinstance(key, bytes):
        return key.startswith(b"!") or key.partition(b"/")[2].startswith(b"!")
    return key.startswith("!") or key.partition("/")[2].startswith("!")


def decode_control(value: bytes) -> Control:
    """The control record in ``value``. Raises ``UndecodableError``, which names fields and rules, never values."""
    try:
        return _CONTROLS.validate_json(value)
    except ValidationError as error:
        problem = "; ".join(str(reason) for reason in explain(error))
    raise UndecodableError(problem)


def new_clock(day: date, policy: RetentionPolicy) -> Clock:
    """The clock record of a day."""
    return Clock(at=datetime(day.year, day.month, day.day, tzinfo=UTC), policy=policy)
