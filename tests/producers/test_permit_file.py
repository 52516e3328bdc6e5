"""The real export of a permit system through its mapping: every row, twice the same bytes."""

from __future__ import annotations

from collections import defaultdict

import pytest
from tests.producers.cases import AGENCY
from tests.producers.permits import MAPPING_FILE, REAL_FILE

from casebus_producers.mapping import read_mapping
from casebus_producers.sources import ReadEvent, open_input, read_entries
from casebus_schemas import CaseEvent, StatusChangedEvent, encode_event, known_codes


@pytest.fixture(scope="module")
def events() -> list[CaseEvent]:
    if not REAL_FILE.exists():
        pytest.skip(f"the real export is not beside the repository ({REAL_FILE.name})")
    return read_all()


def read_all() -> list[CaseEvent]:
    mapping = read_mapping(MAPPING_FILE.read_text(), agency=AGENCY)
    with open_input(str(REAL_FILE)) as source:
        entries = list(read_entries(source, mapping, agency=AGENCY))
    events = [entry for entry in entries if isinstance(entry, ReadEvent)]
    assert len(events) == len(entries)
    assert [event.line for event in events[:2]] == [2, 3]
    return [event.event for event in events]


def test_every_row_is_a_valid_event(events: list[CaseEvent]) -> None:
    assert len(events) == len({event.id for event in events}) == 8577
    assert len({event.subject for event in events}) == 1434


def test_sequences_rise_within_each_case(events: list[CaseEvent]) -> None:
    sequences = defaultdict(list)
    for event in events:
        sequences[event.subject].append(event.sequence)
    assert all(found == sorted(set(found)) for found in sequences.values())


def test_the_same_file_gives_the_same_bytes(events: list[CaseEvent]) -> None:
    assert [encode_event(event) for event in read_all()] == [encode_event(event) for event in events]


def test_each_case_has_one_made_up_party(events: list[CaseEvent]) -> None:
    numbers: defaultdict[str, set[str]] = defaultdict(set)
    for event in events:
        numbers[event.subject].update(party.number for party in event.data.parties)
    assert all(len(found) == 1 for found in numbers.values())
    assert len({number for found in numbers.values() for number in found}) == 1434


def test_codes_are_published_ones_and_deadlines_are_kept(events: list[CaseEvent]) -> None:
    for event in events:
        assert isinstance(event, StatusChangedEvent)
        assert event.data.status.code in known_codes()
        assert event.data.status.final is None
        assert event.data.expected is not None
        assert event.data.expected.legal_deadline is not None
