"""The reference itself, held against worked examples; every other end-to-end check rests on it."""

from __future__ import annotations

import ast
import json
import random
import sys
from pathlib import Path
from typing import Any

import pytest
from tests import reference_fold
from tests.reference_fold import MAX_HISTORY, Fold, accept

from casebus_local.simulator import Simulation, What

PEPPER = b"a pepper of thirty-two bytes or so"
AGENCY = "OVO900101"


def record(
    sequence: int, *, kind: str = "status-changed", corrects: int | None = None, **content: Any
) -> dict[str, Any]:
    """An accepted record of one case of one party, one second later for each sequence."""
    made: dict[str, Any] = {
        "party_ref": "p1.AAAAAAAAAAAAAAAAAAAAAA",
        "roles": ["applicant"],
        "agency": AGENCY,
        "case_id": "C-1",
        "kind": kind,
        "sequence": sequence,
        "event_id": f"e{sequence}",
        "time": f"2026-11-24T12:{sequence // 60:02d}:{sequence % 60:02d}Z",
        "digest": "00000000",
        "source": f"urn:be:vlaanderen:ovo:{AGENCY}",
    }
    if corrects is not None:
        made["corrects"] = corrects
    if kind in ("status-changed", "corrected"):
        status = {"phase": "handling", "code": "InBehandeling", "occurred_at": made["time"]}
        made["content"] = {"title": {"nl": "Zaak"}, "status": status, "sensitivity": "normal"} | content
    return made


def folded(*records: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The one case, and the kinds of the changes in the order of application."""
    fold = Fold().apply_all(records)
    (overview,) = fold.overviews.values()
    (case,) = overview["cases"].values()
    return case, [change["kind"] for change in fold.changes.values()]


def decided(phase: str, code: str, **more: Any) -> dict[str, Any]:
    return {"status": {"phase": phase, "code": code, "occurred_at": "2026-11-24T12:00:00Z", **more}}


ACTION = {"what": {"nl": "Voeg een document toe"}, "by": "party", "due_at": "2026-12-24T12:00:00Z"}
RESULT = {"outcome": "granted"}


def test_the_reference_imports_only_the_standard_library() -> None:
    parts = {"tests.reference_fold", "tests.reference_case", "tests.reference_intake"}
    folder = Path(reference_fold.__file__).parent
    for part in parts:
        tree = ast.parse((folder / f"{part.removeprefix('tests.')}.py").read_text(encoding="utf-8"))
        modules = {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)} | {
            alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        }
        assert {module.partition(".")[0] for module in modules - parts} <= sys.stdlib_module_names


def test_a_life_gives_the_kinds_a_citizen_would_expect() -> None:
    later = {**ACTION, "due_at": "2027-01-24T12:00:00Z"}
    _, kinds = folded(
        record(1),
        record(2, action=ACTION),
        record(3, action=later),
        record(4),
        record(5, expected={"decision_by": "2027-01-01T00:00:00Z"}),
        record(6, expected={"decision_by": "2027-02-01T00:00:00Z"}, summary={"nl": "Nieuw"}),
        record(7, expected={"decision_by": "2027-02-01T00:00:00Z"}),
        record(8, result=RESULT, **decided("decision", "Goedgekeurd")),
        record(9, result=RESULT, **decided("completed", "Afgerond")),
    )
    assert kinds == [
        "case-added",
        "action-needed",
        "action-needed",
        "action-resolved",
        "deadline-changed",
        "deadline-changed",
        "status-changed",
        "decision",
        "closed",
    ]


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (decided("composition", "Ingediend"), "received"),
        (decided("handling", "NogOnbekend"), "in-progress"),
        (decided("handling", "InBehandeling") | {"action": ACTION, "suspension": {"since": "x"}}, "action-needed"),
        (decided("handling", "InBehandeling") | {"action": ACTION | {"by": "third-party"}}, "in-progress"),
        (decided("handling", "InBehandeling") | {"suspension": {"since": "x"}}, "on-hold"),
        (decided("decision", "InWacht"), "on-hold"),
        (decided("appeal", "InBehandeling"), "in-appeal"),
        (decided("appeal", "Goedgekeurd"), "decided"),
        (decided("execution", "Betaald"), "in-execution"),
        (decided("execution", "Betaald", final=True) | {"action": ACTION}, "closed"),
        (decided("completed", "Afgerond") | {"action": ACTION}, "closed"),
    ],
)
def test_roll_up_by_the_first_rule_that_applies(content: dict[str, Any], seen: str) -> None:
    assert folded(record(1, **content))[0]["roll_up"] == seen


def test_a_late_event_enters_the_history_and_changes_nothing_shown() -> None:
    case, kinds = folded(record(3), record(1))
    assert [entry["sequence"] for entry in case["history"]] == [1, 3]
    assert (case["sequence"], case["events"], kinds) == (3, 2, ["case-added", "history-amended"])


def test_a_repetition_changes_nothing() -> None:
    once, twice = (
        Fold().apply_all([record(1), record(2)]),
        Fold().apply_all([record(1), record(2), record(1), record(2)]),
    )
    assert once.overviews == twice.overviews
    assert len(twice.changes) == 2


def test_one_id_with_another_digest_is_another_event() -> None:
    case, _ = folded(record(1), record(1) | {"digest": "00000001"})
    assert case["events"] == 2
    assert case["history"][0]["superseded"] is True


def test_a_correction_stands_where_the_corrected_event_stood() -> None:
    case, kinds = folded(record(1), record(2), record(3, kind="corrected", corrects=1))
    assert [(entry["sequence"], entry.get("superseded")) for entry in case["history"]] == [
        (1, True),
        (3, None),
        (2, None),
    ]
    assert (case["sequence"], kinds[-1]) == (2, "history-amended")
    case, kinds = folded(record(1), record(2), record(3, kind="corrected", corrects=2))
    assert (case["sequence"], kinds[-1], case["history"][-1]["corrects"]) == (2, "corrected", 2)


def test_a_retraction_takes_away_what_was_said_and_a_later_status_brings_the_case_back() -> None:
    case, kinds = folded(record(1), record(2, kind="retracted"))
    assert "content" not in case
    assert case["roll_up"] == "withdrawn"
    assert case["history"][0] == {
        "sequence": 1,
        "event_id": "e1",
        "time": "2026-11-24T12:00:01Z",
        "digest": "00000000",
        "kind": "status-changed",
        "withdrawn": True,
    }
    case, kinds = folded(record(1), record(2, kind="party-removed"), record(3))
    assert kinds == ["case-added", "access-ended", "case-added"]
    assert [entry.get("withdrawn") for entry in case["history"]] == [True, None, None]


def test_history_keeps_the_greatest_and_an_event_below_them_changes_nothing() -> None:
    records = [record(sequence) for sequence in range(2, MAX_HISTORY + 3)]
    fold = Fold().apply_all([*records, record(1), records[0]])
    (overview,) = fold.overviews.values()
    (case,) = overview["cases"].values()
    assert (overview["version"], case["events"], len(case["history"])) == (
        MAX_HISTORY + 1,
        MAX_HISTORY + 1,
        MAX_HISTORY,
    )
    assert case["history"][0]["sequence"] == 3


def test_order_and_repetition_do_not_matter() -> None:
    values = [s.value for s in Simulation(events=1_500, seed=11).submissions() if s.what is not What.INVALID]
    records = [made for value in values for made in accept(json.loads(value or b""), PEPPER)]
    shuffled = records + random.Random(1).sample(records, 200)
    random.Random(2).shuffle(shuffled)
    assert Fold().apply_all(shuffled).overviews == Fold().apply_all(records).overviews


def test_intake_takes_one_record_per_party_with_its_roles_in_order_and_times_in_utc() -> None:
    event = {
        "id": "e",
        "source": f"urn:be:vlaanderen:ovo:{AGENCY}:system",
        "type": "be.vlaanderen.case.status-changed.v1",
        "time": "2026-11-24T12:00:00.250+01:00",
        "sequence": "4",
        "data": {
            "case_id": "C-1",
            "parties": [
                {"kind": "citizen", "number": "85073003328", "role": "consultant"},
                {"kind": "citizen", "number": "85073003328", "role": "representative"},
                {"kind": "enterprise", "number": "0400000000", "role": "consultant"},
                {"kind": "citizen", "number": "85073003328", "role": "applicant"},
            ],
            "sensitivity": "normal",
            "status": {"occurred_at": "2026-11-24T12:00:00+01:00", "code": "Ingediend", "phase": "composition"},
            "title": {"en": "Case", "nl": "Zaak"},
            "summary": None,
        },
    }
    citizen, enterprise = accept(event, PEPPER)
    assert citizen["roles"] == ["applicant", "representative", "consultant"]
    assert citizen["time"] == "2026-11-24T11:00:00.250000Z"
    assert json.dumps(citizen["content"]) == json.dumps(
        {
            "title": {"nl": "Zaak", "en": "Case"},
            "status": {"phase": "composition", "code": "Ingediend", "occurred_at": "2026-11-24T11:00:00Z"},
            "sensitivity": "normal",
        }
    )
    assert citizen["party_ref"] != enterprise["party_ref"]
    assert citizen["digest"] != enterprise["digest"]
