"""The demo's own parts: what it expects, how it compares, how it tells the story."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from rich.console import Console

from casebus_local.demo.check import Findings
from casebus_local.demo.ledger import Expectation, Ledger
from casebus_local.demo.narration import Narrator
from casebus_local.demo.notifications import Notifications
from casebus_local.demo.probe import FIRST_PROBED_CITIZEN, percentile
from casebus_local.demo.reference import Reference, load_reference
from casebus_local.demo.summary import Outcome, show, write_report
from casebus_local.demo.timeline import most_telling, timeline
from casebus_local.simulator import Fault, Simulation, What, citizen_number
from casebus_schemas import Position, party_ref

PEPPER = b"a pepper of thirty-two bytes or so"


@pytest.fixture(scope="module")
def reference() -> Reference:
    return load_reference()


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    ledger = Ledger()
    for offset, submission in enumerate(Simulation(events=1_000, seed=3).submissions()):
        ledger.note(submission)
        if submission.fault is not None:
            ledger.note_position(Position(topic="t", partition=0, offset=offset), submission.fault)
    return ledger


@pytest.fixture(scope="module")
def expected(ledger: Ledger, reference: Reference) -> Expectation:
    return ledger.expect(reference, PEPPER)


def outcome_of(ledger: Ledger, expected: Expectation, *, given_up: int = 0, **found: int) -> Outcome:
    findings = Findings(
        accepted=len(expected.events),
        rejected=ledger.counts[What.INVALID],
        overviews=len(expected.citizens),
        changes=len(expected.changes),
    )
    for name, value in found.items():
        setattr(findings, name, value)
    return Outcome(
        seed=3,
        duration_seconds=2.0,
        publish_seconds=1.0,
        milliseconds=[1.0, 2.0, 3.0],
        ledger=ledger,
        expected=expected,
        findings=findings,
        notifications=Notifications(
            planned=10, sent=5, deferred=2, cancelled=3 - given_up, failed=given_up, messages=4
        ),
    )


def test_duplicates_and_broken_records_are_published_but_not_expected(ledger: Ledger, expected: Expectation) -> None:
    assert ledger.published == 1_000
    assert len(expected.events) == ledger.counts[What.VALID] + ledger.counts[What.LATE]
    assert set(ledger.faults.values()) == set(Fault)


def test_citizens_are_known_by_the_pseudonym_that_the_bus_computes(expected: Expectation) -> None:
    assert len(expected.citizens) > 80
    for ref, number in expected.citizens.items():
        assert ref == party_ref(PEPPER, "citizen", number)
        assert ref in expected.overviews


def test_a_difference_a_gap_and_a_surplus_are_each_a_mismatch_and_named_without_content() -> None:
    findings = Findings()
    findings.compare(
        "overview",
        {"same": {"a": 1}, "other": {"a": 1, "title": "secret"}, "surplus": {}},
        {"same": {"a": 1}, "other": {"a": 1, "title": "private"}, "missing": {}},
    )
    assert findings.mismatches == 3
    assert sorted(findings.examples) == [
        "overview missing: missing",
        "overview other: differs in title",
        "overview surplus: not expected",
    ]


def test_only_the_first_mismatches_are_described() -> None:
    findings = Findings()
    findings.compare("overview", {}, {str(index): {} for index in range(1_000)})
    assert findings.mismatches == 1_000
    assert len(findings.examples) == 10


@pytest.mark.parametrize("count", ["accepted", "rejected", "overviews", "changes"])
def test_a_wrong_count_is_a_failure(ledger: Ledger, expected: Expectation, count: str) -> None:
    assert outcome_of(ledger, expected).holds
    outcome = outcome_of(ledger, expected, **{count: 5})
    assert not outcome.holds
    assert len(outcome.disagreements) == 1


def test_a_mismatch_is_a_failure(ledger: Ledger, expected: Expectation) -> None:
    assert not outcome_of(ledger, expected, mismatches=1).holds


def test_a_notification_that_was_given_up_is_a_failure(ledger: Ledger, expected: Expectation) -> None:
    assert outcome_of(ledger, expected).holds
    assert not outcome_of(ledger, expected, given_up=1).holds


def test_the_report_has_what_programs_read(ledger: Ledger, expected: Expectation, tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.json"
    write_report(outcome_of(ledger, expected), path)
    report = json.loads(path.read_text())
    assert report["published"] == report["accepted"] + report["rejected"] + report["duplicates"] == 1_000
    assert report["publish_to_visible_ms"] == {"p50": 2.0, "p95": 3.0, "p99": 3.0}
    assert report["notifications"]["sent"] == 5
    assert (report["mismatches"], report["seed"], report["events_per_second"]) == (0, 3, 1_000.0)


def test_the_page_says_whether_all_agreed(ledger: Ledger, expected: Expectation) -> None:
    pages = []
    for outcome in (outcome_of(ledger, expected), outcome_of(ledger, expected, mismatches=2)):
        page = io.StringIO()
        show(outcome, Narrator(Console(file=page, width=100)), iter(["[Actie nodig] een dossier"]))
        pages.append(page.getvalue())
    assert "[Actie nodig] een dossier" in pages[0]
    assert "Every overview is what" in pages[0]
    assert "2 mismatches." in pages[1]


def test_nothing_shown_holds_a_national_number(ledger: Ledger, expected: Expectation, tmp_path: Path) -> None:
    write_report(outcome_of(ledger, expected), tmp_path / "report.json")
    story = "\n".join("\n".join(timeline(overview)) for overview in expected.overviews.values())
    shown = story + (tmp_path / "report.json").read_text() + repr(expected)
    assert not [number for number in expected.citizens.values() if number in shown]


def test_the_story_reads_in_two_languages(expected: Expectation) -> None:
    overview = most_telling(expected.overviews.values())
    dutch, english = "\n".join(timeline(overview)), "\n".join(timeline(overview, "en"))
    assert dutch.startswith(f"Mijn overzicht (dossiers: {len(overview['cases'])})")
    assert english.startswith(f"My overview (cases: {len(overview['cases'])})")
    for case in overview["cases"].values():
        assert case["case_id"] in dutch


def test_a_story_shows_what_is_asked_and_what_was_put_right() -> None:
    entry = {"sequence": 1, "time": "2026-01-02T10:00:00Z", "kind": "status-changed"}
    seen = {"phase": "appeal", "code": "InBehandeling", "occurred_at": "2026-01-02T10:00:00Z"}
    action = {"what": {"nl": "Voeg het plan toe"}, "by": "party", "due_at": "2026-03-01T10:00:00Z"}
    case: dict[str, Any] = {
        "agency": "OVO900102",
        "case_id": "OMV-2026-000001",
        "roll_up": "action-needed",
        "content": {"title": {"nl": "Omgevingsvergunning"}, "action": action},
        "history": [
            {**entry, "withdrawn": True},
            {**entry, "kind": "retracted"},
            {**entry, **seen, "superseded": True},
        ],
    }
    assert list(timeline({"cases": {"x": case}})) == [
        "Mijn overzicht (dossiers: 1)",
        "",
        "  [Actie nodig] Omgevingsvergunning",
        "      Dienst Omgeving, OMV-2026-000001",
        "      (eerdere berichten ingetrokken: 1)",
        "       2 jan 2026  Ingetrokken door de dienst",
        "       2 jan 2026  Beroep: In behandeling (rechtgezet)",
        "      → Voeg het plan toe (vóór 1 mrt 2026)",
    ]


def test_progress_without_a_terminal_is_lines(capsys: pytest.CaptureFixture[str]) -> None:
    page = io.StringIO()
    with Narrator(Console(file=page)).progress("published", 3) as advance:
        for _ in range(3):
            advance()
    assert "\x1b" not in page.getvalue()
    assert capsys.readouterr().out == ""


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert [percentile(values, share) for share in (0.5, 0.95, 0.99)] == [51.0, 96.0, 100.0]
    assert percentile([], 0.5) == 0.0


def test_nobody_else_writes_to_the_probed_citizens() -> None:
    probed = {citizen_number(FIRST_PROBED_CITIZEN + index) for index in range(100)}
    simulated = {
        party["number"]
        for submission in Simulation(events=2_000).submissions()
        if submission.what is What.VALID and submission.value is not None
        for party in orjson.loads(submission.value)["data"]["parties"]
    }
    assert not probed & simulated
