"""The demo as a whole: on the real bus, and when the bus is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from casebus_local.demo import run_demo
from casebus_local.demo.profile import all_overviews
from casebus_local.simulator import Simulation, What

pytestmark = pytest.mark.integration


@pytest.mark.timeout(180)
def test_everything_published_becomes_what_the_reference_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report_path = tmp_path / "report.json"
    exit_code = run_demo(600, seed=5, report=report_path)
    said = capsys.readouterr().out
    report = json.loads(report_path.read_text())
    assert exit_code == 0, said
    assert report["mismatches"] == 0
    assert report["published"] == report["accepted"] + report["rejected"] + report["duplicates"]
    assert report["published"] >= 600
    assert all(report["publish_to_visible_ms"].values())
    assert "Mijn overzicht" in said
    logs = sorted(tmp_path.glob("demo-logs/*.log"))
    parts = ["broker.log", "streams.log", "profile.log", "notifier.log", "postgres.log"]
    assert [log.name.rpartition("-")[2] for log in logs] == parts
    mails = sorted(tmp_path.glob("demo-logs/mails/*.eml"))
    told = report["notifications"]
    assert told["planned"] >= told["sent"] >= len(mails) == told["messages"] > 0
    assert told["failed"] == 0
    everything_kept = b"".join(path.read_bytes() for path in (*logs, *mails, report_path))
    assert not [number for number in _numbers(600, seed=5) if number in everything_kept]


def _numbers(events: int, *, seed: int) -> set[bytes]:
    """Every citizen's number in what was published."""
    return {
        party["number"].encode()
        for submission in Simulation(events=events, seed=seed).submissions()
        if submission.what is What.VALID and submission.value is not None
        for party in orjson.loads(submission.value)["data"]["parties"]
        if party["kind"] == "citizen"
    }


@pytest.mark.timeout(180)
def test_one_overview_that_differs_fails_the_demo(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the profile service had shown a citizen another version."""

    def tampered(*arguments: Any, **named: Any) -> dict[str, dict[str, Any]]:
        overviews = all_overviews(*arguments, **named)
        next(iter(overviews.values()))["version"] += 1
        return overviews

    monkeypatch.setattr("casebus_local.demo.check.all_overviews", tampered)
    assert run_demo(100, report=tmp_path / "report.json") == 1
    assert json.loads((tmp_path / "report.json").read_text())["mismatches"] == 1
    said = capsys.readouterr().out
    assert "differs in version" in said
    assert f"The logs are in {tmp_path}" in said.replace("\n", "")
