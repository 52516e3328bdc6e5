"""``casebus validate`` as a process: files, gzip, standard input, CSV, JSON, exit codes."""

from __future__ import annotations

import gzip
from pathlib import Path

from tests.producers.cases import CANARY, invalid_line, line
from tests.producers.command import casebus
from tests.producers.permits import ADVISED, BAD_TIME, MAPPING_FILE, RECEIVED, UNKNOWN, export

from casebus_schemas import MAX_EVENT_BYTES


def test_a_valid_file_gives_exit_code_0(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    path.write_bytes(b"\xef\xbb\xbf" + line("a") + b"\n" + line("b"))
    outcome = casebus("validate", path)
    assert (outcome.code, outcome.err) == (0, "")
    assert "2 valid, 0 invalid" in outcome.out


def test_findings_name_line_field_and_rule_but_no_value(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    path.write_bytes(line() + b"\n" + invalid_line() + b"{not json\n")
    outcome = casebus("validate", path)
    assert outcome.code == 1
    assert "line 3: data.title: " in outcome.out
    assert "line 3: data.status.code: " in outcome.out
    assert "line 4: (event): " in outcome.out
    assert "1 valid, 2 invalid" in outcome.out
    assert CANARY not in outcome.out + outcome.err
    assert "not a code" not in outcome.out


def test_json_from_gzip_on_standard_input() -> None:
    outcome = casebus("validate", "-", "--json", stdin=gzip.compress(line() + invalid_line()))
    assert outcome.code == 1
    report = outcome.document
    assert (report["read"], report["valid"], report["invalid"], report["findings_left_out"]) == (2, 1, 1, 0)
    assert {(finding["line"], finding["field"]) for finding in report["findings"]} == {
        (2, "data.title"),
        (2, "data.status.code"),
    }
    assert all(finding["rule"] and finding["message"] for finding in report["findings"])


def test_an_endless_line_is_one_finding() -> None:
    outcome = casebus("validate", "-", "--json", stdin=b"x" * (5 * MAX_EVENT_BYTES) + b"\n" + line())
    assert [(finding["line"], finding["rule"]) for finding in outcome.document["findings"]] == [(1, "event.size")]
    assert outcome.document["valid"] == 1


def test_a_csv_file_is_read_through_its_mapping(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(export(RECEIVED, ADVISED, UNKNOWN, BAD_TIME, "case-4,too,few"))
    outcome = casebus("validate", path, "--mapping", MAPPING_FILE)
    assert outcome.code == 1
    assert "line 4: data.status.phase: column 'concept:name' holds a value that" in outcome.out
    assert "line 5: time: column 'time:timestamp': not a time in ISO 8601 [mapping.conversion]" in outcome.out
    assert "line 6: (row): 3 values, the header has 6 columns [csv.columns]" in outcome.out
    assert "2 valid, 3 invalid" in outcome.out
    assert "yesterday" not in outcome.out


def test_another_agencys_events_are_findings(tmp_path: Path) -> None:
    outcome = casebus("validate", "-", "--agency", "OVO000456", stdin=line())
    assert outcome.code == 1
    assert "line 1: source: names agency OVO000123" in outcome.out


def test_wrong_usage_gives_exit_code_2(tmp_path: Path) -> None:
    absent, broken = tmp_path / "absent", tmp_path / "broken.gz"
    broken.write_bytes(gzip.compress(line() * 100)[:-20])
    mapping = tmp_path / "mapping.toml"
    mapping.write_text("[event]\nid = 1\n")
    for arguments, expected in [
        ((absent,), f"casebus: {absent}: No such file or directory\n"),
        ((broken,), "Compressed file ended"),
        ((broken, "--mapping", mapping), "casebus: mapping: event.time: missing\n"),
        ((broken, "--agency", "42"), "an OVO code is OVO and six digits"),
        ((), "Missing argument"),
    ]:
        outcome = casebus("validate", *arguments)
        assert outcome.code == 2, outcome
        assert expected in outcome.err
        assert "Traceback" not in outcome.err
