"""Saying which setting is wrong."""

from __future__ import annotations

from pydantic import ValidationError


def explain_settings(error: ValidationError) -> str:
    """Each wrong variable and the rule that it breaks; never a value, which may be a secret."""
    return "; ".join(_explain(each["loc"], each["msg"]) for each in error.errors())


def _explain(location: tuple[int | str, ...], message: str) -> str:
    variable = "CASEBUS_" + "__".join(str(part) for part in location).upper()
    return f"{variable}: {message}"
