"""The tables of ``publishing.md`` say what the code does: nothing is missing in them, and nothing made up."""

from __future__ import annotations

import json
import re

import pytest
from tests.docs.code_names import BUS, PRODUCERS, rules
from tests.docs.contract import Rule, data, envelope
from tests.docs.pages import REPOSITORY, codes, page
from tests.docs.settings import variables

import casebus_producers
from casebus_producers import AgencySettings, MappingError, ProducerError
from casebus_producers.commands.exits import Exit
from casebus_producers.mapping import read_mapping
from casebus_schemas import EVENT_MODELS, MAX_DEPTH, MAX_EVENT_BYTES, vocabulary
from casebus_schemas.topics import REJECTED, SUBMITTED
from casebus_schemas.validation import MAX_REASONS

PUBLISHING = page("publishing.md")
WARNINGS = {"status.unknown-code", "sequence.conflict"}
OF_OPERATORS = {"audit.national-number"}
"""What an operator may be told of a reason or ticket, never an agency of an event."""


def numbers(text: str) -> set[int]:
    return {int(number) for number in re.findall(r"[0-9]+", text)}


def faults(rows: list[list[str]], expected: dict[str, Rule]) -> list[str]:
    """What a table of fields gets wrong."""
    explained = {field.strip("`"): (needed, text) for field, needed, text in rows}
    found = [f"missing: {name}" for name in expected.keys() - explained.keys()]
    found += [f"made up: {name}" for name in explained.keys() - expected.keys()]
    for name in expected.keys() & explained.keys():
        rule, (needed, text) = expected[name], explained[name]
        if (needed == "yes") != rule.needed:
            found.append(f"{name}: needed")
        found += [f"{name}: {word}" for word in rule.words - codes(text)]
        found += [f"{name}: {limit}" for limit in rule.limits - numbers(text)]
    return found


def test_envelope_fields() -> None:
    assert faults(PUBLISHING.table("Envelope"), envelope()) == []


def test_data_fields() -> None:
    assert faults(PUBLISHING.table("Data"), data()) == []


def test_a_table_that_rots_is_found() -> None:
    expected = {
        "a": Rule(needed=True, limits=frozenset([3])),
        "b": Rule(needed=False, words=frozenset(["x"])),
        "c": Rule(needed=False),
    }
    rows = [["`a`", "", "up to 4"], ["`b`", "", "`y`"], ["`d`", "", ""]]
    assert sorted(faults(rows, expected)) == ["a: 3", "a: needed", "b: x", "made up: d", "missing: c"]


def test_types() -> None:
    assert PUBLISHING.column("Types") == [model.model_fields["type"].default for model in EVENT_MODELS]


def test_limits() -> None:
    assert {MAX_EVENT_BYTES, MAX_DEPTH, MAX_REASONS} <= numbers(PUBLISHING.section("Limits"))


def test_retention() -> None:
    days = [int(topic.config["retention.ms"]) // 86_400_000 for topic in (SUBMITTED, REJECTED)]
    assert f"kept for {days[0]} days, `rejected` for {days[1]}" in PUBLISHING.section("Privacy")


def test_rules() -> None:
    assert sorted(PUBLISHING.column("Rules")) == sorted(rules(*BUS) - WARNINGS - OF_OPERATORS)


def test_warnings() -> None:
    assert set(PUBLISHING.column("Rules", number=1)) == WARNINGS <= rules(*BUS)


def test_rules_of_the_sdk() -> None:
    assert set(PUBLISHING.column("Rules", number=2)) == rules(PRODUCERS)


def test_rules_of_the_golden_examples_are_explained() -> None:
    examples = json.loads((REPOSITORY / "schemas" / "examples" / "reasons.json").read_text(encoding="utf-8"))
    shown = {reason["rule"] for reasons in examples.values() for reason in reasons}
    assert shown <= set(PUBLISHING.column("Rules"))


def test_words_for_the_citizen() -> None:
    assert PUBLISHING.table("What the citizen sees") == [
        [f"`{entry['roll_up']}`", entry["label"]["nl"], entry["label"]["en"]] for entry in vocabulary()["roll_ups"]
    ]


def test_phases() -> None:
    assert PUBLISHING.table("Phases") == [
        [f"`{entry['phase']}`", entry["label"]["nl"], f"`{entry['roll_up']}`"] for entry in vocabulary()["phases"]
    ]


def test_codes() -> None:
    assert PUBLISHING.table("Codes") == [
        [
            f"`{entry['code']}`",
            ", ".join(f"`{phase}`" for phase in entry["phases"]),
            f"`{entry['roll_up']}`" if "roll_up" in entry else "",
        ]
        for entry in vocabulary()["codes"]
    ]


def test_errors() -> None:
    public = {name: getattr(casebus_producers, name) for name in casebus_producers.__all__}
    errors = {name for name, value in public.items() if isinstance(value, type) and issubclass(value, Exception)}
    assert set(PUBLISHING.column("Errors")) == errors - {ProducerError.__name__} | {"InvalidEventError"}


def test_settings() -> None:
    shown = [(name.strip("`"), default.strip("`")) for name, default, _ in PUBLISHING.table("Settings")]
    assert dict(shown) == {name: number(default) for name, default in variables(AgencySettings)}
    assert len(shown) == len(dict(shown))


def number(text: str) -> str:
    """Without the point that a float of a whole number has."""
    return text.removesuffix(".0")


def test_exit_codes() -> None:
    assert [int(code) for code in PUBLISHING.column("Exit codes")] == [int(code) for code in Exit]


def test_conversions() -> None:
    mapping = 'event = {id = {from = "a", as = "nothing"}, time = "", sequence = "", data = {}}'
    with pytest.raises(MappingError) as caught:
        read_mapping(mapping, agency="OVO000001")
    known = caught.value.problem.removeprefix("must be one of ").partition(", not ")[0].split(", ")
    assert sorted(PUBLISHING.column("CSV files", number=1)) == sorted(known)
