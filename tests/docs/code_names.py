"""Names that the code gives to things a reader will meet: rules, dead letters, log events. Read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.docs.pages import REPOSITORY

from casebus_schemas.reasons import _RULES, _TYPE_RULE

SCHEMAS, PRODUCERS = REPOSITORY / "schemas" / "casebus_schemas", REPOSITORY / "producers" / "casebus_producers"
STREAMS, CONSUMERS = REPOSITORY / "streams" / "casebus_streams", REPOSITORY / "consumers" / "casebus_consumers"
BUS = (SCHEMAS, STREAMS)


def rules(*folders: Path) -> set[str]:
    """The rules that code in ``folders`` names in reasons; those that pydantic checks belong to the schemas."""
    named = {name for call in _calls(*folders) for name in _rule_names(call)}
    return named | ({*_RULES.values(), _TYPE_RULE} if SCHEMAS in folders else set())


def dead_letter_reasons() -> set[str]:
    """Why a record is set aside: the first rule name in a call that makes or raises a dead letter."""
    makers = {"DeadLetterError", "_dead_letter", "dead_letter", "DeadLetter"}
    return {
        argument.value
        for call in _calls(STREAMS, CONSUMERS)
        if _name(call) in makers
        for argument in [*call.args, *(word.value for word in call.keywords if word.arg == "reason")]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        if " " not in argument.value  # a message for people, not a name
    }


def log_events(*levels: str) -> set[tuple[str, str]]:
    """(level, event) of everything that is logged at these levels."""
    return {
        (call.func.attr, call.args[0].value)
        for call in _calls(PRODUCERS, STREAMS, CONSUMERS)
        if isinstance(call.func, ast.Attribute) and call.func.attr in levels
        if call.args and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    }


def _rule_names(call: ast.Call) -> Iterator[str]:
    candidates = [word.value for word in call.keywords if word.arg in ("rule", "custom_error_type")]
    if _name(call) in ("PydanticCustomError", "InvalidNumberError"):
        candidates.append(call.args[0])
    for candidate in candidates:
        if isinstance(candidate, ast.Constant) and isinstance(candidate.value, str):
            yield candidate.value


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _calls(*folders: Path) -> Iterator[ast.Call]:
    for folder in folders:
        for path in folder.rglob("*.py"):
            yield from (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
