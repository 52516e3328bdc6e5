from __future__ import annotations

import threading
from pathlib import Path

import pytest

from casebus_local.java import Java
from casebus_local.kafka_distribution import POM, provide_kafka

# Writes one jar into -DoutputDirectory, and a line into a tally kept outside it.
MAVEN = """#!/bin/sh
for word in "$@"; do case "$word" in -DoutputDirectory=*) target="${word#*=}";; esac; done
mkdir -p "$target" && touch "$target/kafka.jar" && echo run >> "$TALLY"
"""


@pytest.fixture
def tally(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for Maven on the PATH; the file has one line per download."""
    mvn = tmp_path / "bin" / "mvn"
    mvn.parent.mkdir()
    mvn.write_text(MAVEN)
    mvn.chmod(0o755)
    file = tmp_path / "tally"
    file.touch()
    monkeypatch.setenv("PATH", str(mvn.parent), prepend=":")
    monkeypatch.setenv("TALLY", str(file))
    return file


def downloads(tally: Path) -> int:
    return len(tally.read_text().splitlines())


def test_complete_cache_is_not_downloaded_again(tmp_path: Path, tally: Path) -> None:
    java = Java(tmp_path, "17.0.15")

    first = provide_kafka(java, cache=tmp_path / "cache")
    second = provide_kafka(java, cache=tmp_path / "cache")

    assert first == second
    assert first.version == "4.3.1"
    assert first.classpath.endswith("/4.3.1/kafka.jar")
    assert downloads(tally) == 1


def test_interrupted_download_starts_again(tmp_path: Path, tally: Path) -> None:
    leftover = tmp_path / "cache" / "4.3.1" / "half.jar"
    leftover.parent.mkdir(parents=True)
    leftover.touch()

    kafka = provide_kafka(Java(tmp_path, "17.0.15"), cache=tmp_path / "cache")

    assert "half.jar" not in kafka.classpath
    assert downloads(tally) == 1


def test_edited_pom_is_downloaded_again(tmp_path: Path, tally: Path) -> None:
    edited = tmp_path / "pom.xml"
    edited.write_text(POM.read_text() + "<!-- edited -->")

    provide_kafka(Java(tmp_path, "17.0.15"), cache=tmp_path / "cache")
    provide_kafka(Java(tmp_path, "17.0.15"), cache=tmp_path / "cache", pom=edited)

    assert downloads(tally) == 2


def test_two_at_once_download_once(tmp_path: Path, tally: Path) -> None:
    threads = [
        threading.Thread(target=provide_kafka, args=(Java(tmp_path, "17.0.15"),), kwargs={"cache": tmp_path / "cache"})
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert downloads(tally) == 1
