"""Single stories of a case: corrected, retracted, published again; parties that come and go; agencies side by side."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations

import pytest
from tests.streams.case_events import PARTY_REF, accepted, changed, content

from casebus_schemas import AcceptedEvent, CaseOverview, Change, EventKind, Overview, RollUp, decode, encode
from casebus_streams.fold import apply

CASE = "OVO000001/case-1"


def folded(events: Iterable[AcceptedEvent]) -> tuple[Overview, list[str]]:
    """The overview, and what kinds of changes the events made."""
    overview: bytes | None = None
    kinds = []
    for event in events:
        overview, change = apply(overview, encode(event))
        kinds += [] if change is None else [decode(Change, change).kind.value]
    assert overview is not None
    return decode(Overview, overview), kinds


def corrected(sequence: int, corrects: int, *, title: str) -> AcceptedEvent:
    return accepted(sequence, kind=EventKind.CORRECTED, corrects=corrects, content=content(title=title))


def retracted(sequence: int) -> AcceptedEvent:
    return accepted(sequence, kind=EventKind.RETRACTED)


def title_of(case: CaseOverview) -> str | None:
    return None if case.content is None else case.content.title.nl


def test_a_retracted_case_is_published_again() -> None:
    overview, kinds = folded([changed(1), retracted(2), changed(3, title="Opnieuw")])
    assert kinds == ["case-added", "retracted", "case-added"]
    case = overview.cases[CASE]
    assert title_of(case) == "Opnieuw"
    assert [entry.withdrawn for entry in case.history] == [True, None, None]
    assert [entry.code for entry in case.history] == [None, None, "InBehandeling"]


def test_what_was_corrected_is_corrected_again() -> None:
    events = [changed(1), corrected(2, 1, title="Eerst"), corrected(3, 1, title="Daarna")]
    overview, kinds = folded(events)
    assert kinds == ["case-added", "corrected", "corrected"]
    case = overview.cases[CASE]
    assert (title_of(case), case.sequence) == ("Daarna", 1)
    assert [entry.superseded for entry in case.history] == [True, True, None]
    for order in permutations(events):
        assert folded(order)[0] == overview


def test_a_correction_may_come_before_what_it_corrects() -> None:
    overview, kinds = folded([corrected(2, 1, title="Juist"), changed(1, title="Fout")])
    assert kinds == ["corrected", "history-amended"]
    assert title_of(overview.cases[CASE]) == "Juist"
    assert [entry.superseded for entry in overview.cases[CASE].history] == [True, None]


def test_the_correction_of_an_earlier_entry_leaves_what_is_shown() -> None:
    overview, kinds = folded([changed(1), changed(2, title="Nu"), corrected(3, 1, title="Toen")])
    assert kinds == ["case-added", "status-changed", "history-amended"]
    assert (title_of(overview.cases[CASE]), overview.cases[CASE].sequence) == ("Nu", 2)


@pytest.mark.parametrize("agencies", [("OVO000001", "OVO000002"), ("OVO000002", "OVO000001")])
def test_two_agencies_with_one_case_id_do_not_meet(agencies: tuple[str, str]) -> None:
    one, other = (
        changed(1, title=agency, event_id="same").model_copy(update={"agency": agency}) for agency in agencies
    )
    overview, kinds = folded([one, other, retracted(2)])
    assert kinds == ["case-added", "case-added", "retracted"]
    assert title_of(overview.cases["OVO000001/case-1"]) is None
    assert title_of(overview.cases["OVO000002/case-1"]) == "OVO000002"


def test_who_becomes_a_party_later_gets_the_case_from_then_on_and_loses_it_when_access_ends() -> None:
    later = "p1." + "L" * 22
    joined = changed(3).model_copy(update={"party_ref": later})
    removed = accepted(4, kind=EventKind.PARTY_REMOVED).model_copy(update={"party_ref": later})
    overview, kinds = folded([joined, removed])
    assert kinds == ["case-added", "access-ended"]
    case = overview.cases[CASE]
    assert (case.roll_up, case.content) == (RollUp.WITHDRAWN, None)
    assert [entry.sequence for entry in case.history] == [3, 4]

    again, kinds = folded([joined, removed, changed(5).model_copy(update={"party_ref": later})])
    assert kinds[2] == "case-added"
    assert title_of(again.cases[CASE]) == "Aanvraag"


def test_an_event_that_was_late_for_a_party_which_has_left_shows_it_nothing() -> None:
    overview, kinds = folded([changed(1), accepted(3, kind=EventKind.PARTY_REMOVED), changed(2, title="Laat")])
    assert kinds == ["case-added", "access-ended", "history-amended"]
    assert overview.cases[CASE].content is None
    assert overview.party_ref == PARTY_REF
