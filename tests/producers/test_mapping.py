"""The mapping language: what its expressions mean, and what its errors name."""

from __future__ import annotations

from typing import Any

import pytest
from tests.producers.cases import AGENCY

from casebus_producers import MappingError
from casebus_producers.mapping import event_of, read_mapping
from casebus_schemas import CaseEvent, InvalidEventError, StatusChangedEvent, insz_of, kbo_of

BASE = """
[event]
id = { from = ["case", "step"], as = "uuid" }
time = { from = "when", as = "time" }
sequence = { from = "when", as = "microseconds" }
[event.data]
case_id = { from = "case" }
title.nl = "Dossier {case}"
sensitivity = "normal"
status = { phase = "handling", code = "InBehandeling", occurred_at = { from = "when", as = "time" } }
parties = [
  { kind = "citizen", role = "applicant", number = { from = "insz", as = "insz" } },
  { kind = "enterprise", role = "representative", number = { from = "kbo", as = "kbo" } },
]
"""
ROW = {
    "case": "A/1",
    "step": "4",
    "when": "2010-10-02 09:20:39.266000+02:00",
    "insz": insz_of("850793033"),
    "kbo": "",
    "extra": "",
}


def mapped(addition: str = "", **row: str) -> StatusChangedEvent:
    event = event_of(ROW | row, read_mapping(BASE + addition, agency=AGENCY), agency=AGENCY)
    assert isinstance(event, StatusChangedEvent)
    return event


def reasons(addition: str = "", **row: str) -> list[tuple[str, str]]:
    with pytest.raises(InvalidEventError) as refusal:
        mapped(addition, **row)
    return [(reason.field, reason.rule) for reason in refusal.value.reasons]


def test_a_row_becomes_an_event() -> None:
    event = mapped()
    assert (event.subject, event.agency, event.data.title.nl) == ("A/1", AGENCY, "Dossier A/1")
    assert event.time.isoformat() == "2010-10-02T07:20:39.266000+00:00"
    assert event.sequence == 1286004039266000
    assert event.data.status.occurred_at == event.time


def test_an_empty_column_leaves_its_field_or_its_table_out() -> None:
    assert [party.kind for party in mapped().data.parties] == ["citizen"]
    assert [party.kind for party in mapped(kbo=kbo_of("04079850")).data.parties] == ["citizen", "enterprise"]
    addition = '[event.data.expected]\ndecision_by = { from = "extra", as = "time" }\n'
    assert mapped(addition).data.expected is None
    assert mapped(addition, extra="2026-01-01T00:00:00Z").data.expected is not None


def test_what_is_required_and_empty_is_named() -> None:
    assert ("data.parties", "field.missing") in reasons(insz="")


@pytest.mark.parametrize(
    "written",
    [
        "2010-10-02 09:20:39+02:00",
        "2010-10-02 09:20:39.000000+02:00",
        "2010-10-02T07:20:39Z",
        "2010-10-02T07:20:39.000Z",
    ],
)
def test_times_with_and_without_a_fraction_are_the_same_moment(written: str) -> None:
    assert mapped(when=written).time.isoformat() == "2010-10-02T07:20:39+00:00"


def test_local_times_need_a_timezone() -> None:
    assert reasons(when="2010-10-02 09:20:39")[0] == ("time", "mapping.conversion")
    local = BASE.replace('as = "time" }', 'as = "time", format = "%d/%m/%Y %H:%M", timezone = "Europe/Brussels" }')
    local = local.replace('as = "microseconds" }', 'as = "integer" }').replace(
        'sequence = { from = "when"', 'sequence = { from = "step"'
    )
    event = event_of(ROW | {"when": "02/07/2026 09:20"}, read_mapping(local, agency=AGENCY), agency=AGENCY)
    assert event.time.isoformat() == "2026-07-02T07:20:00+00:00"
    assert event.sequence == 4


def test_ids_follow_from_source_and_columns() -> None:
    assert mapped().id == mapped().id
    assert mapped(step="5").id != mapped().id
    assert mapped(case="A", step="11").id != mapped(case="A1", step="1").id
    system = read_mapping('system = "permits"\n' + BASE, agency=AGENCY)
    other = event_of(ROW, system, agency=AGENCY)
    assert other.source == f"urn:be:vlaanderen:ovo:{AGENCY}:permits"
    assert other.id != mapped().id


def test_a_lookup_takes_an_entry_of_a_table() -> None:
    mapping = BASE.replace(
        'code = "InBehandeling"', 'code = { from = "step", in = "steps", take = "code", otherwise = "Ingediend" }'
    )
    mapping += '[tables.steps]\n"4" = { code = "Ontvankelijk" }\n'
    codes = [
        event_of(ROW | {"step": step}, read_mapping(mapping, agency=AGENCY), agency=AGENCY).model_dump()["data"][
            "status"
        ]["code"]
        for step in ("4", "5")
    ]
    assert codes == ["Ontvankelijk", "Ingediend"]


def test_made_up_numbers_are_valid_and_lasting() -> None:
    def numbers(case: str) -> list[str]:
        kinds = ("citizen", "enterprise", "establishment", "association")
        parties = ",".join(
            f'{{ kind = "{kind}", role = "involved", number = {{ from = "case", as = "made-up-{kind}" }} }}'
            for kind in kinds
        )
        mapping = BASE[: BASE.index("parties")] + f"parties = [{parties}]\n"
        event = event_of(ROW | {"case": case}, read_mapping(mapping, agency=AGENCY), agency=AGENCY)
        return [party.number for party in event.data.parties]

    assert numbers("A") == numbers("A")
    assert not set(numbers("A")) & set(numbers("B"))
    assert numbers("A")[0][2] == "9"  # a month no register hands out


def test_no_reason_repeats_a_value() -> None:
    with pytest.raises(InvalidEventError) as refusal:
        mapped(insz="85073003399", when="85073003328")
    assert "8507" not in str(refusal.value)
    assert {reason.field for reason in refusal.value.reasons} >= {"data.parties.0.number", "time"}


def test_braces_are_written_twice() -> None:
    event = event_of(ROW, read_mapping(BASE.replace("Dossier {case}", "{{{case}}}"), agency=AGENCY), agency=AGENCY)
    assert _data(event)["title"]["nl"] == "{A/1}"


@pytest.mark.parametrize(
    ("old", "new", "key", "problem"),
    [
        ("[event]", "[event", "(file)", "not TOML"),
        ("[event]", "[events]", "(file).events", "unknown"),
        ('time = { from = "when", as = "time" }\n', "", "event.time", "missing"),
        ('as = "uuid"', 'as = "guid"', "event.id.as", "must be one of text, integer, time"),
        ('as = "uuid"', 'has = "uuid"', "event.id.has", "unknown; known here: as, format, from"),
        ('as = "uuid"', 'in = "steps"', "event.id.in", "there is no [tables.steps]"),
        ('["case", "step"]', "[]", "event.id.from", "names no column"),
        ("{case}", "{case", "event.data.title.nl", "a brace without its pair"),
        ('"normal"', "2026-01-01", "event.data.sensitivity", "must be a text, a number or a truth value"),
        ('as = "microseconds"', 'as = "time", timezone = "Europe/Bruges"', "event.sequence.timezone", "no time zone"),
        ('as = "insz"', 'as = "insz", format = "x"', "event.data.parties.0.number.format", "goes with"),
        ("[event]", '[csv]\ndelimiter = ";;"\n[event]', "csv.delimiter", "one character"),
        ("[event]", '[csv]\nencoding = "latin-99"\n[event]', "csv.encoding", "no encoding is called"),
        ("[event]", '[event]\nsource = "x"', "event.source", "cannot be set"),
    ],
)
def test_an_error_names_the_key_and_the_rule(old: str, new: str, key: str, problem: str) -> None:
    with pytest.raises(MappingError) as error:
        read_mapping(BASE.replace(old, new, 1), agency=AGENCY)
    assert error.value.key == key
    assert problem in error.value.problem


def _data(event: CaseEvent) -> dict[str, Any]:
    data: dict[str, Any] = event.model_dump()["data"]
    return data
