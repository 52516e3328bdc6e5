"""``casebus conformance`` as a process."""

from __future__ import annotations

from pathlib import Path

from tests.producers.cases import CANARY, invalid_line, line
from tests.producers.command import casebus

from casebus_producers.testing import example_life
from casebus_schemas import encode_event


def life_file(tmp_path: Path, *more: bytes) -> Path:
    path = tmp_path / "events.ndjson"
    path.write_bytes(b"".join(encode_event(event) + b"\n" for event in example_life()) + b"".join(more))
    return path


def test_it_says_what_a_file_shows_and_how_it_looks(tmp_path: Path) -> None:
    outcome = casebus("conformance", life_file(tmp_path))
    assert (outcome.code, outcome.err) == (0, "")
    assert "7 valid events of 1 cases, 0 invalid lines" in outcome.out
    assert "1  correction" in outcome.out
    assert "not shown: phase execution" not in outcome.out
    assert "phase appeal, phase execution" in outcome.out
    assert "remarks on texts: 0" in outcome.out
    assert "as the citizen sees EXAMPLE-1:\n  Voorbeeldpremie  [Afgesloten]  since 2026-03-08\n" in outcome.out


def test_json_names_lines_and_holds_no_number(tmp_path: Path) -> None:
    loud = line("case-2", 2).replace(b"Vergunning", b"BEKIJK NU UW VERGUNNING")
    path = life_file(tmp_path, loud, line("case-2", 1), invalid_line())
    outcome = casebus("conformance", path, "--json", "--language", "fr", "--cases", "2")
    assert outcome.code == 1
    report = outcome.document
    assert (report["read"], report["valid"], report["invalid"], report["cases"]) == (10, 9, 1, 2)
    assert report["not_rising"] == 1
    assert report["capabilities"]["correction"] == 1
    assert "retraction" in report["missing"]
    [remark] = report["remarks"]
    assert (remark["field"], remark["check"], remark["count"]) == ("data.title.nl", "text.capitals", 1)
    assert remark["lines"] == [8]
    assert [case["label"] for case in report["preview"]] == ["Clôturé", "En traitement"]
    assert CANARY not in outcome.out + outcome.err


def test_a_missing_file_gives_exit_code_2(tmp_path: Path) -> None:
    outcome = casebus("conformance", tmp_path / "absent")
    assert outcome.code == 2
    assert "No such file" in outcome.err
