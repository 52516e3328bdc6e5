"""Finds national numbers where none may stand: whatever is outside ``parties`` travels on, into keys, logs and mails.

Free text may hold nothing that reads as a valid number. In identifiers and addresses eleven digits can be chance
(one in fifty passes the check), so there only two things count: the number of a party to this very case, and a
valid number written with its separators.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from casebus_schemas.events import CaseEvent
from casebus_schemas.identifiers import is_insz
from casebus_schemas.party import Citizen

_ELEVEN_DIGITS: Final = r"(?<![0-9])(?:[0-9][ ./-]{0,2}){10}[0-9](?![0-9])"
_IN_BYTES: Final = re.compile(_ELEVEN_DIGITS.encode())
_IN_TEXT: Final = re.compile(_ELEVEN_DIGITS)
_NOT_DIGITS: Final = re.compile(r"[^0-9]")
_IDENTIFIERS: Final = frozenset(
    [
        "id",
        "source",
        "subject",
        "case_id",
        "case_type",
        "external_reference",
        "dataschema",
        "traceparent",
        "tracestate",
        "sequence",
        "time",
        "url",
        "website",
        "phone",
        "email",
        "occurred_at",
        "due_at",
        "since",
        "not_before",
        "next_status_by",
        "decision_by",
        "legal_deadline",
        "visible_from",
        "expires_at",
    ]
)


def leaks(event: CaseEvent) -> Iterator[str]:
    """The fields outside ``parties`` that hold a national number. One pass over the JSON when there is none."""
    everything_else = event.__pydantic_serializer__.to_json(event, exclude={"data": {"parties"}}, exclude_none=True)
    if _IN_BYTES.search(everything_else) is None:
        return
    own = {party.number for party in event.data.parties if isinstance(party, Citizen)}
    seen: set[str] = set()
    for path, text in _texts(event.model_dump(mode="json", exclude={"data": {"parties"}}, exclude_none=True)):
        if path not in seen and _holds_number(text, own, is_identifier=path.rpartition(".")[2] in _IDENTIFIERS):
            seen.add(path)
            yield path


def redact(text: str) -> str:
    """``text`` with everything that reads as an INSZ replaced: for names that an agency chose itself."""
    return _IN_TEXT.sub("(number)", text)


def _holds_number(text: str, own: set[str], *, is_identifier: bool) -> bool:
    for match in _IN_TEXT.finditer(text):
        digits = _NOT_DIGITS.sub("", match.group())
        if digits in own:
            return True
        if is_insz(digits) and not (is_identifier and digits == match.group()):
            return True
    return False


def _texts(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every string in a JSON value with its path, names of attributes included."""
    if isinstance(value, dict):
        for name, inner in value.items():
            readable = redact(name)
            if readable != name:
                yield f"{path}.{readable}".lstrip("."), name
            yield from _texts(inner, f"{path}.{readable}".lstrip("."))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, f"{path}.{index}")
    elif isinstance(value, (str, int)) and not isinstance(value, bool):
        yield path, str(value)
