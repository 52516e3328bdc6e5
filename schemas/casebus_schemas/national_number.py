"""Finds national numbers where none may stand: whatever is outside ``parties`` travels on, into keys, logs and mails.

Free text may hold nothing that reads as a valid number. In identifiers and addresses eleven digits can be chance
(one in fifty passes the check), so there only two things count: the number of a party to this very case, and a
valid number grouped as people write one (``85.07.30-033.28``; no UUID, telephone or case number looks like that).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from casebus_schemas.events import CaseEvent
from casebus_schemas.identifiers import is_insz
from casebus_schemas.party import Party

# Between two digits: what people type, and what a word processor or a web page makes of it.
_SEPARATORS: Final = r" ./\-\u00a0\u00ad\u2009-\u2015\u202f\u2212"
_ELEVEN_DIGITS: Final = rf"(?:[0-9][{_SEPARATORS}]{{0,3}}){{10}}[0-9](?![0-9])"
_IN_TEXT: Final = re.compile(rf"(?<![0-9]){_ELEVEN_DIGITS}")
# Looks ahead only, so that a match does not use up digits in which another, the true one, begins.
_FROM_HERE: Final = re.compile(rf"(?<![0-9])(?=({_ELEVEN_DIGITS}))")
_AS_PEOPLE_WRITE_IT: Final = re.compile(
    r"[0-9]{2}[S]{0,3}[0-9]{2}[S]{0,3}[0-9]{2}[S]{1,3}[0-9]{3}[S]{1,3}[0-9]{2}".replace("S", _SEPARATORS)
)
_LONG_RUN: Final = re.compile(rf"[0-9][0-9{_SEPARATORS}]{{10,}}")
_PARTIES: Final = b'"parties":['
_ELEVEN_ZEROS: Final = b"0" * 11
_DIGITS_ALIKE: Final = bytes(ord("0") if chr(byte).isdigit() and byte < 128 else byte for byte in range(256))
_MAY_SEPARATE: Final = b" ./-" + bytes(range(128, 256))
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


def leaks(event: CaseEvent, value: bytes) -> Iterator[str]:
    """The fields outside ``parties`` that hold a national number. ``value`` is the JSON of ``event``.

    Scanning the bytes settles the common case, that there is none, in a fraction of the time of the exact search.
    """
    if not _may_leak(value, event.data.parties):
        return
    own = {party.number for party in event.data.parties if party.kind == "citizen"}
    seen: set[str] = set()
    for path, text in _texts(event.model_dump(mode="json", exclude={"data": {"parties"}}, exclude_none=True)):
        if path not in seen and _holds_number(text, own, is_identifier=path.rpartition(".")[2] in _IDENTIFIERS):
            seen.add(path)
            yield path


def _may_leak(value: bytes, parties: tuple[Party, ...]) -> bool:
    """Whether a valid number stands anywhere but in the parties' own places. Never says no wrongly.

    Where an escape could hide a digit the answer is yes. The first look is cheap and coarse: eleven digits, whatever
    separates them.
    """
    if b"\\" in value:
        return True
    value = _without_parties(value, parties)
    if _ELEVEN_ZEROS not in value.translate(_DIGITS_ALIKE, _MAY_SEPARATE):
        return False
    runs = _LONG_RUN.findall(value.decode())
    return any(is_insz(digits) for run in runs for digits, _ in _elevens(run))


def _without_parties(value: bytes, parties: tuple[Party, ...]) -> bytes:
    """``value``, which holds no escapes, without the parties' own places.

    As the SDK writes it the list is cut out whole: no text can hold the unescaped quotes of its name, and nothing in
    a list of parties but its end holds a bracket. Else each number is taken away once, which leaves it in its own
    place when it also stands in another.
    """
    start = value.rfind(_PARTIES)
    if start >= 0 and (end := value.find(b"]", start)) >= 0:
        return value[:start] + value[end:]
    for party in parties:
        value = value.replace(party.number.encode(), b"", 1)
    return value


def redact(text: str) -> str:
    """``text`` with everything that reads as an INSZ replaced: for names that an agency chose itself."""
    return _IN_TEXT.sub("(number)", text)


def _holds_number(text: str, own: set[str], *, is_identifier: bool) -> bool:
    for digits, as_written in _elevens(text):
        if digits in own:
            return True
        if is_insz(digits) and (not is_identifier or _AS_PEOPLE_WRITE_IT.fullmatch(as_written)):
            return True
    return False


def _elevens(text: str) -> Iterator[tuple[str, str]]:
    """Every eleven digits that stand together, bare and as written."""
    for match in _FROM_HERE.finditer(text):
        yield _NOT_DIGITS.sub("", match[1]), match[1]


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
