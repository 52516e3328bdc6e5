"""The compose file, checked without a container engine."""

from __future__ import annotations

from typing import Any

import pytest
from tests.deploy.places import DEPLOY, SCRATCH, documents
from tests.deploy.setting_names import unknown_settings

[COMPOSE] = documents(DEPLOY / "compose.yaml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: each for name, each in SERVICES.items() if "casebus" in each["image"]}
ONE_SHOT = {"topics"}

each_of_ours = pytest.mark.parametrize("name", OURS)


def test_every_process_of_the_bus_is_there() -> None:
    assert [each["command"][:2] for each in OURS.values()] == [
        ["topics", "apply"],
        ["run", "streams"],
        ["run", "sources"],
        ["run", "profile"],
        ["run", "notifier"],
    ]


@each_of_ours
def test_settings_are_settings(name: str) -> None:
    assert OURS[name]["environment"]
    assert unknown_settings(OURS[name]["environment"]) == []


@each_of_ours
def test_nothing_of_ours_is_privileged_or_writes_outside_tmp(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["tmpfs"] == [SCRATCH]
    assert "volumes" not in service


@each_of_ours
def test_it_starts_when_what_it_needs_is_healthy(name: str) -> None:
    for other, how in OURS[name]["depends_on"].items():
        wanted = "service_completed_successfully" if other in ONE_SHOT else "service_healthy"
        assert how == {"condition": wanted}
        assert other in ONE_SHOT or "healthcheck" in SERVICES[other]


def test_whatever_runs_for_long_says_how_it_is() -> None:
    silent = {name for name, each in SERVICES.items() if "healthcheck" not in each}
    assert silent == {*ONE_SHOT, "prometheus", "grafana"}


def test_every_secret_config_and_volume_is_declared() -> None:
    for service in SERVICES.values():
        assert set(service.get("secrets", [])) <= COMPOSE["secrets"].keys()
        assert {each["source"] for each in service.get("configs", [])} <= COMPOSE["configs"].keys()
        assert {each.split(":")[0] for each in service.get("volumes", [])} <= COMPOSE["volumes"].keys()


def test_files_that_configs_name_are_there_and_no_dashboard_is_forgotten() -> None:
    files = {DEPLOY / config["file"] for config in COMPOSE["configs"].values() if "file" in config}
    assert files == {DEPLOY / "prometheus" / "casebus.rules.yaml", *(DEPLOY / "grafana").glob("*.json")}


def test_files_that_settings_name_are_secrets_of_the_service() -> None:
    for service in SERVICES.values():
        named = (
            {str(v).removeprefix("/run/secrets/") for v in service["environment"].values() if "/run/" in str(v)}
            if ("environment" in service)
            else set()
        )
        assert named == set(service.get("secrets", []))


def test_nothing_listens_beyond_this_machine() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_kafka_is_the_version_that_the_tests_run_on() -> None:
    version = SERVICES["kafka"]["image"].partition(":")[2]
    assert f"<kafka.version>{version}</kafka.version>" in (DEPLOY / "kafka" / "pom.xml").read_text()
