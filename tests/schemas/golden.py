"""The golden examples in ``schemas/examples``, read as bytes, with the reasons that each invalid one must give."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

SCHEMAS = Path(__file__).parents[2] / "schemas"
_EXAMPLES = SCHEMAS / "examples"


@dataclass(frozen=True)
class Example:
    name: str
    value: bytes
    reasons: tuple[tuple[str, str], ...] = ()
    """(field, rule) of everything that is wrong with it, in the order of the report."""


def valid_examples() -> list[Example]:
    return [Example(path.stem, path.read_bytes()) for path in sorted((_EXAMPLES / "valid").glob("*.json"))]


def invalid_examples() -> list[Example]:
    expected = json.loads((_EXAMPLES / "reasons.json").read_text(encoding="utf-8"))
    return [
        Example(name, _invalid_value(name), tuple((reason["field"], reason["rule"]) for reason in reasons))
        for name, reasons in expected.items()
    ]


def invalid_names() -> set[str]:
    return {path.name.removesuffix(".json").removesuffix(".recipe") for path in (_EXAMPLES / "invalid").iterdir()}


def _invalid_value(name: str) -> bytes:
    """As committed; for what does not belong in a repository, as its recipe makes it."""
    committed = _EXAMPLES / "invalid" / f"{name}.json"
    if committed.exists():
        return committed.read_bytes()
    recipe = json.loads(committed.with_suffix(".recipe.json").read_text(encoding="utf-8"))
    example = (_EXAMPLES / "valid" / recipe["example"]).read_bytes() if recipe["example"] else b""
    before, repeated, after = (
        str(text).encode() for text in (recipe["before"], recipe["repeat"] * recipe["times"], recipe["after"])
    )
    return before + example + repeated + after
