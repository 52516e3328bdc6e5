"""From an agency's bytes to a valid event, or to every reason why not. The one door for SDK and intake alike."""

from __future__ import annotations

import re
from typing import Annotated, Final

import orjson
from pydantic import Field, TypeAdapter, ValidationError

from casebus_schemas.errors import InvalidEventError, Reason
from casebus_schemas.events import CaseEvent
from casebus_schemas.reasons import explain
from casebus_schemas.rules import broken_rules

MAX_EVENT_BYTES: Final = 65_536
MAX_DEPTH: Final = 10
"""No valid event is deeper (all models are closed), so depth is looked at only to explain a refusal."""
MAX_REASONS: Final = 100
"""An event of nothing but unknown fields breaks ten thousand rules; its rejection must still fit in a record."""

_EVENT: Final[TypeAdapter[CaseEvent]] = TypeAdapter(Annotated[CaseEvent, Field(discriminator="type")])


def decode_event(value: bytes) -> CaseEvent:
    """The event in a record's value. Raises ``InvalidEventError`` with the broken rules, the first hundred of them.

    No message repeats the input, so that no national number gets into an error. Does not block.
    """
    if len(value) > MAX_EVENT_BYTES:
        raise InvalidEventError([_size_reason()])
    try:
        event = _EVENT.validate_json(value)
    except ValidationError as error:
        reasons = _explain(value, error)
    else:
        reasons = list(broken_rules(event, value))
        if "specversion" not in event.model_fields_set:
            reasons.append(Reason(field="specversion", rule="field.missing", message="Field required"))
        if not reasons:
            return event
    # Raised out here, so that pydantic's error, which holds the input, does not travel along as its context.
    raise InvalidEventError(reasons[:MAX_REASONS])


def encode_event(event: CaseEvent) -> bytes:
    """The event as a record's value, after the rules about the whole event. Raises ``InvalidEventError``."""
    # By way of a dict: pydantic's own JSON writer takes a third longer.
    fields = event.__pydantic_serializer__.to_python(event, exclude_none=True)
    fields["sequence"] = str(event.sequence)
    value = orjson.dumps(fields, option=orjson.OPT_UTC_Z)
    reasons = list(broken_rules(event, value))
    if len(value) > MAX_EVENT_BYTES:
        reasons.append(_size_reason())
    if reasons:
        raise InvalidEventError(reasons[:MAX_REASONS])
    return value


def _explain(value: bytes, error: ValidationError) -> list[Reason]:
    depth = _depth(value)
    if depth > MAX_DEPTH:
        return [Reason(field="(event)", rule="json.depth", message=f"nested deeper than {MAX_DEPTH} levels")]
    reasons = explain(error)
    if reasons[0].rule == "json.syntax":
        return [Reason(field="(event)", rule="json.syntax", message="not JSON in UTF-8: " + _json_problem(error))]
    return reasons


def _json_problem(error: ValidationError) -> str:
    """The parser's own words, which name what it expected and where, never what it read."""
    return str(error.errors(include_url=False, include_input=False)[0].get("ctx", {}).get("error", "unreadable"))


def _size_reason() -> Reason:
    return Reason(field="(event)", rule="event.size", message=f"larger than {MAX_EVENT_BYTES} bytes")


_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKET: Final = re.compile(rb"[\[\]{}]")


def _depth(value: bytes) -> int:
    """How deep brackets nest outside strings; needs no parse, so no depth can exhaust a parser's stack."""
    deepest = depth = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", value)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


__all__ = ["MAX_DEPTH", "MAX_EVENT_BYTES", "MAX_REASONS", "decode_event", "encode_event"]
