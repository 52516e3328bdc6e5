"""Whatever bytes come in, ``decode_event`` gives an event or an ``InvalidEventError``, and repeats no number."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.schemas.golden import valid_examples

from casebus_schemas import InvalidEventError, decode_event, encode_event

CANARY = "85073003328"
VALUES = [example.value for example in valid_examples() if len(example.value) < 4_000]
HOSTILE = st.sampled_from(
    [
        None,
        True,
        -1,
        1e308,
        10**40,
        "",
        CANARY,
        "85.07.30-033.28",
        int(CANARY),
        [CANARY],
        {CANARY: CANARY},
        {"85 07 30 033 28": {CANARY: [int(CANARY)]}},
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "\x00",
        "\u202e",
    ]
)


def refusal(value: bytes) -> str:
    """All that the refusal of ``value`` says; nothing when it is accepted."""
    try:
        decode_event(value)
    except InvalidEventError as error:
        return f"{error} {error!r} {error.reasons!r} {error.__context__ or ''} {error.__cause__ or ''}"
    return ""


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
@example(b"")
@example(b"\xff\xfe")
@example(b"[" * 60_000)
@example(b'"' + b"\\" * 60_000)
@example(b"9" * 60_000)
@example(b'{"":' * 10_000)
def test_arbitrary_bytes_are_refused(value: bytes) -> None:
    assert refusal(value)


@pytest.mark.parametrize("member", ['"{n}": [],', '"ORDER{n}": "x",', '"x{n}": "85.07.30-033.28",'])
def test_refusal_of_thousands_of_wrong_members_still_fits_in_a_record(member: str) -> None:
    members = "".join(member.replace("{n}", str(n)) for n in range(1_500))
    value = VALUES[0].replace(b"{", b"{" + members.encode(), 1)
    said = refusal(value)
    assert said
    assert len(said) < 100_000


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(VALUES), st.data())
def test_mutated_bytes(value: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(value)))
    end = data.draw(st.integers(start, min(len(value), start + 20)))
    inserted = data.draw(
        st.binary(max_size=4) | st.sampled_from([b'"', b"}", b"[", b":", b",", b"\\u00", CANARY.encode()])
    )
    mutated = value[:start] + inserted + value[end:]
    assert CANARY not in refusal(mutated)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(VALUES), HOSTILE, st.data())
def test_mutated_events(value: bytes, hostile: Any, data: st.DataObject) -> None:
    event = json.loads(value)
    holder, name = data.draw(st.sampled_from(list(_places(event))))
    match data.draw(st.sampled_from(["replace", "add", "rename", "delete"])):
        case "replace":
            holder[name] = hostile
        case "add" if isinstance(holder, dict):
            holder[data.draw(st.sampled_from([CANARY, "85.07.30-033.28", "x" + CANARY, "", "data", "kind"]))] = hostile
        case "rename" if isinstance(holder, dict):
            holder[CANARY] = holder.pop(name)
        case _:
            del holder[name]
    said = refusal(json.dumps(event).encode())
    assert CANARY not in said
    assert "85.07.30-033.28" not in said


@pytest.mark.parametrize("name", ["id", "title", "number"])
def test_last_of_two_equal_names_counts_and_nothing_of_the_first_remains(name: str) -> None:
    value = next(value for value in VALUES if b'"title"' in value)
    shadowed = {
        "id": b'"id": "85.07.30", ',
        "title": b'"title": {"nl": "85073003328"}, ',
        "number": b'"number": "17073003384", ',
    }
    place = value.index(f'"{name}"'.encode())
    doubled = value[:place] + shadowed[name] + value[place:]
    assert decode_event(doubled) == decode_event(value)
    assert encode_event(decode_event(doubled)) == encode_event(decode_event(value))


def _places(value: Any) -> Any:
    """Every (container, key) in a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield value, name
        yield from _places(inner)
