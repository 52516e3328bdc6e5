"""The rules: as declared, readable for Prometheus, each seen to fire and seen to keep still, each with a runbook."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from tests.docs.code_names import log_events
from tests.docs.pages import DOCS, REPOSITORY, Page
from tests.docs.test_pages import dead_links
from tests.monitoring.metric_names import PROMETHEUS_OWN, asked_for, known_series
from tests.monitoring.prometheus import PROMTOOL, needs_prometheus

from casebus_local.monitoring import ALERTS, Alert, differences, write
from casebus_local.monitoring.__main__ import main
from casebus_producers.cli import build_app

RULES = REPOSITORY / "deploy" / "prometheus" / "casebus.rules.yaml"
RULE_TESTS = RULES.with_name("casebus.rules.test.yaml")
RUNBOOK = Page.read(DOCS / "operations" / "alerts.md")

each_alert = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)


def promtool(*arguments: str) -> str:
    done = subprocess.run([str(PROMTOOL), *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_committed_files_are_as_declared() -> None:
    assert differences(REPOSITORY) == []


def test_a_change_by_hand_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path)
    rules = tmp_path / "deploy" / "prometheus" / "casebus.rules.yaml"
    rules.write_text(rules.read_text().replace("> 120", "> 1200", 1))
    assert main(["check", str(tmp_path)]) == 1
    assert "casebus.rules.yaml" in capsys.readouterr().err


def runbook_urls(rules: Path) -> list[str]:
    groups = yaml.safe_load(rules.read_text())["groups"]
    return [rule["annotations"]["runbook_url"] for group in groups for rule in group["rules"]]


def test_runbook_urls_lead_to_sections_of_the_repository_s_page() -> None:
    for url in runbook_urls(RULES):
        page, _, anchor = url.partition("#")
        assert REPOSITORY / page == RUNBOOK.path
        assert anchor in RUNBOOK.anchors


def test_an_operator_says_where_the_runbook_is_published(tmp_path: Path) -> None:
    published = "https://docs.overheid.example/bus/alerts"
    assert main(["write", str(tmp_path), "--runbook", published]) == 0
    urls = runbook_urls(tmp_path / "deploy" / "prometheus" / "casebus.rules.yaml")
    assert urls == [f"{published}#{alert.anchor}" for alert in ALERTS]
    assert published in (tmp_path / "deploy" / "kubernetes" / "monitoring" / "prometheus-rule.yaml").read_text()
    assert main(["check", str(tmp_path), "--runbook", published]) == 0
    assert main(["check", str(tmp_path)]) == 1


@needs_prometheus
def test_prometheus_can_read_them() -> None:
    assert f"{len(ALERTS)} rules found" in promtool("check", "rules", str(RULES))


@needs_prometheus
def test_they_fire_when_they_should_and_only_then() -> None:
    assert "SUCCESS" in promtool("test", "rules", str(RULE_TESTS))


def rule_questions() -> list[tuple[set[str], set[str]]]:
    """For each test of rules: the alerts that fire at its questions, and those that its name is about."""
    found = []
    for test in yaml.safe_load(RULE_TESTS.read_text())["tests"]:
        questions: list[dict[str, Any]] = test["promql_expr_test"]
        fire = {name for each in questions for sample in each["exp_samples"] for name in _alert_names(sample["labels"])}
        still = set(_alert_names(test["name"])) if any(not each["exp_samples"] for each in questions) else set()
        found.append((fire, still))
    return found


def _alert_names(text: str) -> list[str]:
    return re.findall(r"\bCasebus\w+", text)


@each_alert
def test_each_was_seen_to_fire_and_to_keep_still(alert: Alert) -> None:
    assert any(alert.name in fire for fire, _ in rule_questions())
    assert any(alert.name in still for _, still in rule_questions())


@each_alert
def test_it_asks_for_metrics_that_are_there(alert: Alert) -> None:
    assert asked_for(alert.expression) <= known_series() | PROMETHEUS_OWN


@each_alert
def test_the_runbook_says_what_to_look_at_and_what_to_type(alert: Alert) -> None:
    assert alert.anchor in RUNBOOK.anchors
    section = re.search(rf"^### {alert.name}\n(.*?)(?=^##|\Z)", RUNBOOK.text, re.MULTILINE | re.DOTALL)
    assert section is not None
    for part in ("**Means.**", "**Look.**", "**Do.**"):
        assert part in section[1]
    assert "`" in section[1].partition("**Look.**")[2]


def test_the_runbook_has_no_section_too_many() -> None:
    assert re.findall(r"^### (\w+)$", RUNBOOK.text, re.MULTILINE) == [alert.name for alert in ALERTS]


def test_metrics_in_the_runbook_exist() -> None:
    names = re.findall(r"casebus_\w+", RUNBOOK.text)
    allowed = known_series() | {"casebus_local"}
    assert [name for name in names if name not in allowed] == []


def test_severities_in_the_runbook_are_the_rules() -> None:
    shown = dict(re.findall(r"^\| \[(\w+)\]\(#\w+\) \| (\w+) \|", RUNBOOK.text, re.MULTILINE))
    assert shown == {alert.name: alert.severity for alert in ALERTS}


def test_summaries_are_short_and_descriptions_are_sentences() -> None:
    for alert in ALERTS:
        assert len(alert.summary) < 110
        assert alert.description.endswith(".")


def test_log_lines_in_the_runbook_are_written() -> None:
    written = {event for _, event in log_events("critical", "error", "warning", "info")}
    named = re.findall(r"log line\s+`(\w+)`", RUNBOOK.text)
    assert named
    assert [event for event in named if event not in written] == []


def typed_commands() -> list[list[str]]:
    """What the runbook has somebody type that begins with ``casebus``."""
    lines = re.findall(r"`(casebus [^`]+)`|^(casebus .+)$", RUNBOOK.text, re.MULTILINE)
    return [
        list(words) for words in sorted({tuple(shlex.split(inline or line, comments=True)) for inline, line in lines})
    ]


@pytest.mark.parametrize("words", typed_commands(), ids=" ".join)
def test_what_the_runbook_has_you_type_can_be_typed(words: list[str]) -> None:
    command: Any = typer.main.get_command(build_app())
    for word in words[1:]:
        if word in getattr(command, "commands", {}):
            command = command.commands[word]
    assert not hasattr(command, "commands"), "it ends in a command, not in a group"
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words if word.startswith("--")} <= options


def test_links_in_the_runbook_lead_somewhere() -> None:
    assert dead_links(RUNBOOK) == []
