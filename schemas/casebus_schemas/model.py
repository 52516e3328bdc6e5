"""What all models of the contract share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

TIME_PATTERN: Final = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})$"
)
"""RFC 3339, the form CloudEvents prescribes. Pydantic alone would also read ``1700000000``, which has no offset."""


class ContractModel(BaseModel):
    """Closed, immutable and strict: an unknown field, a number for a text or a time without offset is an error.

    Closed, because a misspelt ``due_att`` that is silently ignored is a citizen who misses a deadline.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


def _in_utc(moment: datetime) -> datetime:
    if not moment.utcoffset():
        return moment
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("time.range", "outside the years 1 to 9999 when written in UTC") from None


class _InUtc:
    """Aware datetimes in Python, RFC 3339 text in JSON."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.custom_error_schema(
            core_schema.chain_schema(
                [
                    core_schema.str_schema(pattern=TIME_PATTERN),
                    core_schema.datetime_schema(strict=False, tz_constraint="aware"),
                ]
            ),
            custom_error_type="time.form",
            custom_error_message="a time is written as in RFC 3339, with an offset: 2026-11-24T12:00:00+01:00",
        )
        aware = core_schema.datetime_schema(strict=True, tz_constraint="aware")
        return core_schema.no_info_after_validator_function(
            _in_utc, core_schema.json_or_python_schema(json_schema=written, python_schema=aware)
        )


UtcDatetime = Annotated[
    datetime, _InUtc, WithJsonSchema({"type": "string", "format": "date-time", "pattern": TIME_PATTERN})
]
"""A moment; must carry an offset, is kept and written in UTC (``2026-11-24T12:00:00Z``)."""
