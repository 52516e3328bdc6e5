"""What the page makes of a case: groups, deadlines, steps, timeline, words in four languages. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import orjson
import pytest
from tests.profile import sample
from tests.profile.life import Json, Life, overview_of

from casebus_consumers.profile.api.operations import OPERATIONS
from casebus_consumers.profile.identity import Identity
from casebus_consumers.profile.language import preferred_language
from casebus_consumers.profile.login.options import LoginOptions
from casebus_consumers.profile.login.sessions import Session
from casebus_consumers.profile.page.case_view import CaseView, agency_names_in, case_view
from casebus_consumers.profile.page.options import PageOptions
from casebus_consumers.profile.page.overview_view import OverviewView, overview_view
from casebus_consumers.profile.page.rendering import PLACE, Renderer
from casebus_consumers.profile.page.words import read_texts, words_in
from casebus_consumers.profile.seen_cases import SeenCase
from casebus_consumers.profile.visibility import visible
from casebus_schemas import (
    LANGUAGES,
    Cadence,
    Language,
    Outcome,
    Phase,
    Role,
    RollUp,
    SourceFreshness,
    decode,
)

NOW = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)  # half past eleven at night in Brussels
REFERENCE = "p1." + "a" * 22
EVERYBODY: list[Language] = ["nl", "fr", "de", "en"]


def view(case: Json, *, now: datetime = NOW, language: Language = "nl") -> CaseView:
    words = words_in(language)
    return case_view(case, words, now=now, unread=0, agency_names=agency_names_in({"x": case}, words, {}))


def overview(cases: list[Json], *, language: Language = "nl", high: bool = True) -> OverviewView:
    shown = visible(overview_of(REFERENCE, cases), now=NOW, high_assurance=high).body
    found: dict[str, Any] = orjson.loads(shown)["cases"]
    words = words_in(language)
    sources = [decode(SourceFreshness, orjson.dumps(source)) for source in sample.sources(NOW)]
    seen = {f"{sample.PERMIT}/PARK-9": SeenCase(sample.PERMIT, "PARK-9", 3, NOW)}
    names = agency_names_in(found, words, {sample.STUDIES: {"nl": "Leren"}})
    return overview_view(found, seen, sources, words, now=NOW, agency_names=names)


def test_what_is_expected_stands_first_the_nearest_deadline_before_all() -> None:
    shown = overview(sample.cases(NOW))
    assert [case.case_id for case in shown.needed] == ["ST-2026-88121", "PREM-2026-004512"]
    assert {case.case_id for case in shown.running} == {"OMV-2026-0077/1", "EN-5521", "ZB-31", "HUUR-2026-31"}
    assert [case.case_id for case in shown.done] == ["EN-1002", "PARK-9", "PREM-2025-000087"]
    assert shown.first_due is not None
    assert shown.first_due.urgency == "late"
    assert [case.unread for case in shown.done] == [2, 0, 4]


def test_an_agency_is_called_as_configured_else_as_it_calls_itself() -> None:
    shown = overview(sample.cases(NOW))
    names = {case.case_id: case.agency_name for case in (*shown.needed, *shown.done)}
    assert names["ST-2026-88121"] == "Leren"
    assert names["EN-1002"] == "Energiehuis", "known from another of the citizen's cases"
    assert view(sample.withdrawn(NOW)).agency_name == sample.ENERGY


@pytest.mark.parametrize(
    ("due_at", "left", "urgency"),
    [
        ("2026-11-24T22:59:00Z", "vandaag", "soon"),
        ("2026-11-24T23:00:00Z", "nog 1 dag", "soon"),  # past midnight in Brussels
        ("2026-12-01T12:00:00Z", "nog 7 dagen", "soon"),
        ("2026-12-02T12:00:00Z", "nog 8 dagen", "later"),
        ("2026-11-24T08:00:00Z", "vandaag", "soon"),
        ("2026-11-23T12:00:00Z", "1 dag te laat", "late"),
        ("2026-11-01T12:00:00Z", "23 dagen te laat", "late"),
    ],
)
def test_a_deadline_counts_in_the_calendar_of_brussels(due_at: str, left: str, urgency: str) -> None:
    case = sample.premium(NOW)
    case["content"]["action"]["due_at"] = due_at
    action = view(case).action
    assert action is not None
    assert action.due is not None
    assert (action.due.left, action.due.urgency) == (left, urgency)


def states(case: Json) -> list[tuple[str, str]]:
    return [(step.label, step.state) for step in view(case, language="en").steps]


def test_steps_show_the_way_and_an_appeal_only_where_there_is_one() -> None:
    assert states(sample.permit(NOW)) == [
        ("Preparation", "done"),
        ("Handling", "current"),
        ("Decision", "ahead"),
        ("Execution", "ahead"),
        ("Completed", "ahead"),
    ]
    assert ("Appeal", "current") in states(sample.appeal(NOW))
    assert [state for _, state in states(sample.granted(NOW))] == ["done"] * 5
    assert "Execution" not in dict(states(sample.refused(NOW))), "a refusal is not carried out"
    assert states(sample.withdrawn(NOW)) == []


def test_corrected_and_withdrawn_entries_are_shown_as_such() -> None:
    entries = view(sample.permit(NOW), language="en").timeline
    assert [(entry.is_void, entry.is_correction, entry.note) for entry in entries] == [
        (False, False, ""),
        (False, True, "Correction by the agency on 17 October 2026, 00:30"),
        (True, False, "Reported on 16 October 2026, 00:30, corrected on 17 October 2026, 00:30"),
        (False, False, ""),
    ]
    gone = view(sample.withdrawn(NOW), language="en")
    assert [entry.label for entry in gone.timeline] == ["Withdrawn by the agency", "Withdrawn message"]
    assert (gone.is_withdrawn, gone.has_ended_access) == (True, False)


def test_an_unknown_code_is_shown_by_its_phase() -> None:
    case = Life(sample.HOUSING, "A", now=NOW).step(1, "handling", "Herberekend").case(title={"nl": "x"})
    assert view(case).status == "Behandeling"


def test_a_confidential_case_shows_that_it_is_there_and_nothing_of_what_it_is_about() -> None:
    [weak] = [case for case in overview(sample.cases(NOW), high=False).running if case.is_hidden]
    assert (weak.title, weak.case_id) == ("Vertrouwelijk dossier", "ZB-31")
    assert sample.SECRET_WORD not in str(weak)
    assert not [case for case in overview(sample.cases(NOW)).running if case.is_hidden]


@pytest.mark.parametrize("language", EVERYBODY)
@pytest.mark.parametrize("high", [True, False])
def test_every_page_can_be_drawn_in_every_language_whatever_a_case_lacks(language: Language, *, high: bool) -> None:
    """A template that asks for what is not there raises an error."""
    renderer, words = Renderer(PageOptions(), LoginOptions()), words_in(language)
    session = Session(Identity(REFERENCE, high, 1.0), "Emma", "token")
    shown = overview(sample.cases(NOW), language=language, high=high)

    def draw(template: str, **what: Any) -> str:
        page = renderer.render(template, words, path="/", session=session, now=NOW, event_id="1-1", **what)
        return unescape(bytes(page.body).decode())

    assert "<h1>" in draw("overview.html", view=shown)
    for case in (*shown.needed, *shown.running, *shown.done):
        assert "None" not in draw("case.html", case=case)
    nothing = overview([], language=language)
    assert words("overview.none") in draw("overview.html", view=nothing)


def test_what_an_agency_writes_is_text_and_never_markup() -> None:
    case = sample.premium(NOW)
    case["content"]["title"] = {"nl": "<script>alert(1)</script>"}
    case["content"]["contact"]["name"] = '"><img src=x>'
    session = Session(Identity(REFERENCE, True, 1.0), "<b>Emma</b>", "token")
    page = Renderer(PageOptions(), LoginOptions()).render(
        "case.html", words_in("nl"), path="/", session=session, case=view(case), now=NOW, event_id="1-1"
    )
    html = bytes(page.body).decode()
    assert "<script>alert" not in html
    assert "<img" not in html


def test_the_languages_say_the_same_things() -> None:
    dutch = read_texts("nl")
    for language in EVERYBODY:
        texts = read_texts(language)
        assert texts.keys() == dutch.keys()
        for key, text in texts.items():
            assert set(re.findall(r"\{(\w+)\}", text)) == set(re.findall(r"\{(\w+)\}", dutch[key])), (language, key)


def test_every_word_that_data_can_ask_for_exists() -> None:
    texts = read_texts("nl")
    wanted = {f"role.{role}" for role in Role} | {f"outcome.{outcome}" for outcome in Outcome}
    wanted |= {f"preferences.{cadence}" for cadence in Cadence}
    wanted |= {f"action.{operation.action}" for operation in OPERATIONS if operation.action}
    assert wanted <= texts.keys()
    for language in EVERYBODY:
        words = words_in(language)
        assert all(words.roll_up(name) != name for name in RollUp)
        assert all(words.phase(name) != name for name in Phase)


def test_every_word_that_a_template_asks_for_exists_and_every_text_is_used() -> None:
    code = "".join(path.read_text() for path in [*(PLACE / "templates").glob("*.html"), *PLACE.glob("*.py")])
    asked = set(re.findall(r"\"([a-z_]+\.[a-z_-]+)\"", code))
    families = (
        "role.",
        "outcome.",
        "action.",
        "preferences.",
        "case.",
        "entry.",
        "problem.",
        "landing.",
        "site.",
        "overview.",
        "notifications.",
    )
    texts = read_texts("nl").keys()
    missing = {key for key in asked if key.partition(".")[0] in {text.partition(".")[0] for text in texts}} - texts
    computed = {
        key for key in missing if key.endswith(("_", ".html")) or f"{key}_one" in texts or f"action.{key}" in texts
    }
    assert missing - computed == set()
    assert {text for text in texts if text not in asked and not text.startswith(families)} == set()


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "nl"),
        ("fr-BE,fr;q=0.9,nl;q=0.8", "fr"),
        ("es,de;q=0.5,en;q=0.7", "en"),
        ("es", "nl"),
        ("nl;q=x,de;q=0.1", "de"),
    ],
)
def test_the_browsers_language_is_heeded(header: str | None, language: str) -> None:
    assert preferred_language(header) == language


def test_languages_are_the_contracts() -> None:
    assert list(LANGUAGES) == EVERYBODY
