"""The systemd units: they start what exists, with settings that exist, and give it no more than it needs."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.deploy.places import DEPLOY
from tests.deploy.setting_names import unknown_settings

UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
ENVIRONMENTS = sorted((DEPLOY / "systemd").glob("*.env"))
ANALYZE = shutil.which("systemd-analyze")

each_unit = pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)


def values(unit: Path, key: str) -> list[str]:
    return [line.partition("=")[2] for line in unit.read_text().splitlines() if line.startswith(f"{key}=")]


def variables(lines: Iterator[str]) -> dict[str, str]:
    return dict(word.split("=", 1) for line in lines for word in line.split() if "=" in word)


@each_unit
def test_it_starts_a_process_of_the_bus(unit: Path) -> None:
    service = unit.name.removeprefix("casebus-").removesuffix(".service").removesuffix("@")
    assert values(unit, "ExecStart") == [f"/opt/casebus/bin/casebus run {service}"]


@each_unit
def test_a_wrong_setting_is_not_tried_again_and_anything_else_is(unit: Path) -> None:
    assert values(unit, "Restart") == ["on-failure"]
    assert values(unit, "RestartPreventExitStatus") == ["2"]
    assert values(unit, "StartLimitIntervalSec") == ["0"]
    assert int(values(unit, "TimeoutStopSec")[0]) >= 60


@each_unit
def test_it_has_no_more_rights_than_it_needs(unit: Path) -> None:
    assert values(unit, "User") == ["casebus"]
    assert values(unit, "NoNewPrivileges") == ["yes"]
    assert values(unit, "ProtectSystem") == ["strict"]
    assert values(unit, "CapabilityBoundingSet") == [""]


@each_unit
def test_settings_are_settings_and_secrets_are_credentials(unit: Path) -> None:
    environment = variables(iter(values(unit, "Environment")))
    credentials = {each.split(":")[0] for each in values(unit, "LoadCredential")}
    assert unknown_settings(environment) == []
    assert {v.removeprefix("%d/") for v in environment.values() if v.startswith("%d/")} == credentials


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.name)
def test_environment_files_hold_settings_and_no_secret(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    environment = dict(line.split("=", 1) for line in lines)
    assert environment
    assert unknown_settings(environment) == []
    assert not any("PASSWORD" in name or "PEPPER" in name or name.endswith("__DSN") for name in environment)


@pytest.mark.skipif(ANALYZE is None, reason="systemd is not installed here")
def test_systemd_understands_them() -> None:
    done = subprocess.run([str(ANALYZE), "verify", *map(str, UNITS)], capture_output=True, text=True)
    complaints = [line for line in done.stderr.splitlines() if "casebus" in line and "is not executable" not in line]
    assert complaints == []
