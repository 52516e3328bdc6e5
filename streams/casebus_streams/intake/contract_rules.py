"""The rules of one field of a contract's model, told apart by what can check them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, Literal, get_args

from annotated_types import Ge, Lt, MaxLen, MinLen
from pydantic import AfterValidator, Strict, WithJsonSchema
from pydantic.fields import FieldInfo

from casebus_schemas.events import Sequence
from casebus_schemas.model import UtcDatetime
from casebus_schemas.text import PRINTABLE
from casebus_streams.intake.canonical_time import canonical_time

Check = Callable[[str], str]
"""Gives back the text, as it is to be written, or raises ``ValueError``."""

_SEQUENCE: Final = list(get_args(Sequence)[1:])
_UTC_TIME: Final = list(get_args(UtcDatetime)[1:])
_READ_DIFFERENTLY: Final = re.compile(r"\\[bBdDwW]|\(\?[^:]|\$.")


class FieldRules:
    """What is asked of one field, beside its type.

    ``meta`` is for ``msgspec.Meta``; ``check`` is a function for what msgspec cannot check; ``tag_field`` tells the
    members of a union apart; ``form`` names the two types that are written otherwise than they are kept.
    """

    def __init__(self, metadata: list[object]) -> None:
        self.meta: dict[str, Any] = {}
        self.check: Check | None = None
        self.tag_field: str | None = None
        self.form: Literal["plain", "sequence", "time"] = "plain"
        self.add(metadata)

    def add(self, metadata: list[object]) -> None:
        """Take up more rules. Raises ``TypeError`` for one that is not known."""
        if not metadata:
            return
        if metadata == _UTC_TIME:
            self.form, self.check = "time", canonical_time
        elif metadata == _SEQUENCE:
            self.form = "sequence"
            self.meta["pattern"] = _pattern(_json_pattern(metadata))
        else:
            for rule in metadata:
                self._add_one(rule)

    def let_check_match(self) -> None:
        """Move the pattern into the check, if there is one: that costs a third of a pattern in msgspec's hands."""
        check = self.check
        if check is None or "pattern" not in self.meta:
            return
        matches = re.compile(self.meta.pop("pattern")).search

        def match_and_check(text: str) -> str:
            if not matches(text):
                raise ValueError("not in the form of the contract")
            return check(text)

        self.check = match_and_check

    def _add_one(self, rule: object) -> None:
        match rule:
            case FieldInfo():
                self.tag_field = rule.discriminator if isinstance(rule.discriminator, str) else None
                self.add(rule.metadata)
            case MinLen():
                self.meta["min_length"] = rule.min_length
            case MaxLen():
                self.meta["max_length"] = rule.max_length
            case Ge():
                self.meta["ge"] = rule.ge
            case Lt():
                self.meta["lt"] = rule.lt
            case AfterValidator() if self.check is None:
                self.check = rule.func  # type: ignore[assignment]  # one that takes two arguments refuses all
            case Strict(strict=False):
                pass  # only lets a JSON list be a tuple
            case _ if vars(rule).keys() == {"pattern"}:
                if (pattern := vars(rule)["pattern"]) != PRINTABLE:
                    self.meta["pattern"] = _pattern(pattern)
            case _:
                raise TypeError(f"no way is known to check {rule!r}")


def _pattern(pattern: str) -> str:
    """As Python reads it: its ``$`` would let a line end pass. Raises ``TypeError`` for what Rust reads differently."""
    if not (pattern.startswith("^") and pattern.endswith("$")) or _READ_DIFFERENTLY.search(pattern):
        raise TypeError(f"two libraries may read this pattern differently: {pattern}")
    return pattern[:-1] + r"\Z"


def _json_pattern(metadata: list[object]) -> str:
    [schema] = [rule.json_schema for rule in metadata if isinstance(rule, WithJsonSchema)]
    return str((schema or {})["pattern"])
