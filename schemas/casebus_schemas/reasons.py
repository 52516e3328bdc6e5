"""From pydantic's findings to reasons that an agency can act on: field, rule, message, and never the value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from casebus_schemas.errors import Reason
from casebus_schemas.national_number import redact

_RULES: Final = {
    "missing": "field.missing",
    "extra_forbidden": "field.unknown",
    "string_pattern_mismatch": "text.form",
    "string_too_long": "text.too-long",
    "string_too_short": "text.too-short",
    "too_long": "list.too-long",
    "too_short": "list.too-short",
    "enum": "value.unknown",
    "literal_error": "value.unknown",
    "greater_than_equal": "number.range",
    "less_than": "number.range",
    "union_tag_invalid": "kind.unknown",
    "union_tag_not_found": "kind.missing",
    "json_invalid": "json.syntax",
}
"""The published names of the rules that pydantic checks for us; its own names may change with its versions."""

_TYPE_RULE: Final = "value.type"
"""Something else stands there than a text, a number, an object or a list: pydantic has a name for each."""

_OWN_WORDS: Final = {  # pydantic's would repeat what was sent
    "union_tag_invalid": "not one of the kinds in the contract",
    "union_tag_not_found": "missing, so the kind is not known",
}
_UNION_TAGS: Final = frozenset(
    [f"be.vlaanderen.case.{name}.v1" for name in ("status-changed", "corrected", "retracted", "party-removed")]
    + ["citizen", "enterprise", "establishment", "association"]
)


def explain(error: ValidationError) -> list[Reason]:
    """Pydantic's findings as reasons: the field's path, the rule, a message without the value."""
    return [
        Reason(
            field=_path((*finding["loc"], *_discriminator(finding))),
            rule=_rule(finding["type"]),
            message=redact(_OWN_WORDS.get(finding["type"], finding["msg"])),
        )
        for finding in _own_findings(error)
    ]


def _rule(pydantic_type: str) -> str:
    if pydantic_type in _RULES:
        return _RULES[pydantic_type]
    return _TYPE_RULE if pydantic_type.endswith("_type") else pydantic_type


def _own_findings(error: ValidationError) -> Iterator[ErrorDetails]:
    """Without "too short" for a list whose only fault is that its items are wrong: pydantic counts the valid ones."""
    findings = error.errors(include_url=False, include_input=False)
    for finding in findings:
        where = finding["loc"]
        within = (other["loc"][: len(where)] == where for other in findings if len(other["loc"]) > len(where))
        if finding["type"] != "too_short" or not any(within):
            yield finding


def _discriminator(finding: ErrorDetails) -> tuple[str, ...]:
    """The field that tells the kind, where the kind is what is wrong."""
    return (finding["ctx"]["discriminator"].strip("'"),) if finding["type"] in _OWN_WORDS else ()


def _path(location: tuple[int | str, ...]) -> str:
    """``data.parties.0.number``: without the tags of unions, and without a number that somebody used as a name."""
    parts = [str(part) for part in location if part not in _UNION_TAGS]
    return redact(".".join(parts))[:200] or "(event)"
