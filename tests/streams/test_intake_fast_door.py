"""Whatever the fast door lets in, the contract's own door lets in too, and the records are the same to the byte."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.schemas.golden import Example, invalid_examples, valid_examples
from tests.schemas.strategies import status_changed_events

from casebus_local.simulator import Simulation, What
from casebus_schemas import InvalidEventError, StatusChangedEvent, decode_event, encode_event, insz_of
from casebus_streams.intake.fan_out import PartyRecord, fan_out
from casebus_streams.intake.fast_door import FastDoor
from casebus_streams.intake.valid_event import ValidEvent, valid_event

FAST_DOOR = FastDoor()
_PEPPER = b"a pepper for tests, thirty-two bytes or more"
CANARY = insz_of("850730033")
VALID = valid_examples()
EVENTS = [orjson.loads(found.value) for found in VALID if len(found.value) < 4_000]

BY_THE_CONTRACT_ALONE = {
    "status-changed-digits-that-are-no-number",
    "status-changed-extension-attributes",
    "status-changed-times-with-offsets",
}
"""Valid, and not plainly so: an identifier of eleven digits that happen to check, extension attributes, nanoseconds."""

HOSTILE: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        1.0,
        1e308,
        10**18,
        10**40,
        [],
        {},
        [None],
        [{}],
        {"nl": ""},
        {"nl": "x", "xx": "y"},
    ),
    *(
        "",
        " ",
        "x",
        "x\n",
        "x\x7f",
        "x\x85y",
        "\u202e",
        "é" * 200,
        "é" * 201,
        "😀" * 200,
        "x" * 2_001,
        "https://x.be/\u2003",
    ),
    *(
        CANARY,
        int(CANARY),
        f"x {CANARY[:6]} {CANARY[6:]}",
        "85.07.30-033.28",
        f"{CANARY}1",
        f"é{CANARY}",
        "+32 470 12 34 56",
    ),
    *(
        "https://a.be",
        "https://a.be/\u001f",
        "https://a.be/\u180e",
        "https://-a.be",
        "https://a.be:99999/x?y#z",
        "a@b.be",
        "a@\x1cb.c",
    ),
    *("1", "01", "1" * 18, "1" * 19, "٣", "normal", "citizen", "applicant", "party", "handling", "granted", "Integer"),
    *({"kind": "citizen", "number": CANARY, "role": "applicant"}, {"kind": "association", "number": "V0000001"}),
]
TIMES = st.tuples(
    st.dates().map(str) | st.sampled_from(["2024-02-29", "2023-02-29", "0000-01-01", "0001-01-01", "9999-12-31"]),
    st.sampled_from("TTTTTt "),
    st.times().map(lambda time: time.isoformat("seconds")) | st.sampled_from(["24:00:00", "23:59:60", "12:60:00"]),
    st.sampled_from(["", "", "", ".5", ".000", ".123456", ".1234567", ",5"]),
    st.sampled_from(["Z", "Z", "+01:00", "-14:00", "+00:00", "-00:00", "+23:59", "+24:00", "+01:75", "+0100", "z", ""]),
).map("".join)


def slow_records(value: bytes) -> list[PartyRecord] | None:
    """The accepted records by the contract's own door, or nothing when it refuses ``value``."""
    try:
        return _records(valid_event(decode_event(value)))
    except InvalidEventError:
        return None


def fast_records(value: bytes) -> list[PartyRecord] | None:
    """The accepted records by the fast door, or nothing when it does not let ``value`` in."""
    event = FAST_DOOR.valid_event(value)
    return _records(event) if event is not None else None


def is_let_in_fast(value: bytes) -> bool:
    """Whether the fast door lets ``value`` in. Fails when it lets in more, or other, than the contract's own door."""
    fast = fast_records(value)
    assert fast is None or fast == slow_records(value)
    return fast is not None


def _records(event: ValidEvent) -> list[PartyRecord]:
    return fan_out(event, pepper=_PEPPER, partitions=12)


@pytest.mark.parametrize("found", VALID, ids=lambda found: found.name)
def test_valid_examples(found: Example) -> None:
    assert is_let_in_fast(found.value) is (found.name not in BY_THE_CONTRACT_ALONE)


@pytest.mark.parametrize("found", invalid_examples(), ids=lambda found: found.name)
def test_invalid_examples(found: Example) -> None:
    assert fast_records(found.value) is None


def test_the_simulators_valid_events_take_the_fast_door_and_no_invalid_one_does() -> None:
    submissions = [one for one in Simulation(events=1_500, seed=11).submissions() if one.value is not None]
    let_in = {one: is_let_in_fast(one.value or b"") for one in submissions}
    valid = [let_in[one] for one in submissions if one.what is not What.INVALID]
    assert sum(valid) >= 0.95 * len(valid)


@settings(max_examples=100, deadline=None)
@given(status_changed_events())
def test_any_event_of_the_sdk(event: StatusChangedEvent) -> None:
    is_let_in_fast(encode_event(event))


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(EVENTS), st.sampled_from(HOSTILE) | TIMES, st.data())
def test_mutated_events(event: dict[str, Any], hostile: Any, data: st.DataObject) -> None:
    mutated = json.loads(json.dumps(event))
    holder, name = data.draw(st.sampled_from(list(_places(mutated))))
    match data.draw(st.sampled_from(["replace", "replace", "add", "delete", "copy"])):
        case "replace":
            holder[name] = hostile
        case "add" if isinstance(holder, dict):
            holder[data.draw(st.sampled_from(["kind", "type", "reason", "final", "corrects", "tags", "x"]))] = hostile
        case "copy" if isinstance(holder, list):
            holder.extend([holder[name]] * data.draw(st.sampled_from([1, 9, 10, 20, 50])))
        case _:
            del holder[name]
    is_let_in_fast(json.dumps(mutated, ensure_ascii=data.draw(st.booleans())).encode(errors="surrogatepass"))


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(VALID), st.data())
def test_mutated_bytes(found: Example, data: st.DataObject) -> None:
    value = found.value[:4_000]
    start = data.draw(st.integers(0, len(value)))
    end = data.draw(st.integers(start, min(len(value), start + 3)))
    inserted = data.draw(
        st.binary(max_size=2) | st.sampled_from([b"\\", b'"', b"\n", b"\xc3", b"\xed\xa0\x80", b"1", b"null"])
    )
    is_let_in_fast(found.value[:start] + inserted + found.value[end:])


@settings(max_examples=500, deadline=None)
@given(TIMES, st.sampled_from(["time", "occurred_at", "visible_from"]))
@example("0001-01-01T00:00:00+01:00", "time")
@example("9999-12-31T23:59:59-01:00", "time")
@example("2026-01-01T00:00:00.000Z", "occurred_at")
@example("2026-01-01T00:00:60Z", "time")
@example("2026-01-01T00:00:00.1234567Z", "time")
@example("2026-01-01T24:00:00Z", "time")
def test_times(text: str, place: str) -> None:
    event = orjson.loads(next(found.value for found in VALID if found.name == "status-changed-every-block"))
    holder = event if place == "time" else event["data"]["status"] if place == "occurred_at" else event["data"]
    holder[place] = text
    is_let_in_fast(orjson.dumps(event))


@pytest.mark.parametrize(
    ("before", "inserted"),
    [
        (b'"id"', b'"id": "another", '),
        (b'"title"', b'"title": {"nl": "Een ander"}, '),
        (b'"number"', b'"number": "17073003384", '),
        (b'"kind"', b'"kind": "enterprise", '),
        (b'"type"', b'"type": "be.vlaanderen.case.corrected.v1", '),
        (b'"title"', b'"title": null, '),
        (b'"specversion"', b'"specversion": "0.3", '),
        (b'"status"', b'"status": 1e999, '),
        (b'"data"', b'"data": {}, '),
    ],
)
def test_names_that_stand_there_twice(before: bytes, inserted: bytes) -> None:
    value = next(found.value for found in VALID if found.name == "status-changed-minimal")
    assert before in value
    for inserted_once in (inserted, inserted + b'"time": "\\u0039", '):
        is_let_in_fast(value.replace(before, inserted_once + before, 1))


@pytest.mark.parametrize(
    ("text", "fast"),
    [
        (r"caf\u00e9", True),
        (r"twee\nregels, \"aangehaald\", \t en \/ en \\", True),
        (r"\ud83d\ude00", True),
        (r"85\/07\/30-033\/28", False),
        (r"\u0038\u0035073003328", False),
        (r"C:\\users", False),
        (r"\u0000", False),
        (r"\u007f", False),
        (r"\b", False),
        (r"\ud83d", False),
        (r"\x41", False),
    ],
)
def test_escapes(text: str, *, fast: bool) -> None:
    value = next(found.value for found in VALID if found.name == "status-changed-minimal")
    title = orjson.dumps(orjson.loads(value)["data"]["title"]["nl"])
    escaped = value.replace(title, f'"{text}"'.encode())
    assert escaped != value
    assert is_let_in_fast(escaped) is fast


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1e5", "1.0", "-0", "100000000000000000000", "NaN"])
def test_numbers_beside_an_escape_stay_what_they_are(number: str) -> None:
    value = next(found.value for found in VALID if found.name == "status-changed-minimal")
    with_number = value.replace(b'"status": {', f'"status": {{ "final": {number}, '.encode())
    assert with_number != value
    assert fast_records(with_number.replace(b'"data"', b'"\\u0064ata"')) is None
    assert slow_records(with_number) is None


def test_order_of_members_and_explicit_nulls_make_no_difference() -> None:
    value = next(found.value for found in VALID if found.name == "status-changed-every-block")
    event = orjson.loads(value)
    turned = {name: event[name] for name in reversed(event)} | {"traceparent": None, "tracestate": None}
    turned["data"] = {name: event["data"][name] for name in reversed(event["data"])}
    again = orjson.dumps(turned)
    assert is_let_in_fast(again)
    assert [found.key.rpartition("/")[2] for found in fast_records(again) or []] == [
        found.key.rpartition("/")[2] for found in slow_records(value) or []
    ]


def _places(value: Any) -> Any:
    """Every (container, key) in a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield value, name
        yield from _places(inner)
