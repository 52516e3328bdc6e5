"""The broker's jars: resolved once by Maven from ``deploy/kafka/pom.xml``, then kept in ``var/kafka``."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from casebus_local.errors import LocalStackError, MissingToolError
from casebus_local.file_lock import exclusive
from casebus_local.java import Java

PROJECT = Path(__file__).resolve().parents[2]
POM = PROJECT / "deploy" / "kafka" / "pom.xml"
CACHE = PROJECT / "var" / "kafka"
MARKER = "complete"
DOWNLOAD_TIMEOUT_SECONDS = 600


@dataclass(frozen=True)
class KafkaDistribution:
    """A complete set of broker jars in one directory."""

    version: str
    directory: Path

    @property
    def classpath(self) -> str:
        """Every jar by name, sorted: Java's class data archive is valid for one order only."""
        return ":".join(sorted(str(jar) for jar in self.directory.glob("*.jar")))


def provide_kafka(java: Java, *, pom: Path = POM, cache: Path = CACHE) -> KafkaDistribution:
    """The distribution that ``pom`` describes, downloaded when ``cache`` does not hold all of it.

    Blocks while downloading (about 45 MB), and while another process does. The marker file is written last
    and holds the pom's digest, so an interrupted download or an edited pom starts again.
    Raises ``MissingToolError`` without Maven and ``LocalStackError`` when the download fails.
    """
    if not pom.exists():
        raise LocalStackError("The local stack needs a source checkout: deploy/kafka/pom.xml was not found.")
    description = pom.read_text()
    digest = hashlib.sha256(description.encode()).hexdigest()
    version = _kafka_version(description)
    distribution = KafkaDistribution(version, cache / version)
    if not _is_complete(distribution, digest):
        cache.mkdir(parents=True, exist_ok=True)
        with exclusive(cache / f"{version}.lock"):
            if not _is_complete(distribution, digest):
                shutil.rmtree(distribution.directory, ignore_errors=True)
                _download(pom, distribution.directory, java)
                (distribution.directory / MARKER).write_text(digest)
    return distribution


def _kafka_version(description: str) -> str:
    version = re.search(r"<kafka\.version>([\w.-]+)</kafka\.version>", description)
    if version is None:
        raise LocalStackError("deploy/kafka/pom.xml: the property kafka.version is missing.")
    return version.group(1)


def _is_complete(distribution: KafkaDistribution, digest: str) -> bool:
    marker = distribution.directory / MARKER
    return marker.exists() and marker.read_text() == digest


def _download(pom: Path, directory: Path, java: Java) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise MissingToolError(
            "Kafka's jars are fetched with Apache Maven: install mvn, or set CASEBUS_KAFKA__BOOTSTRAP_SERVERS "
            "to a Kafka that is already running."
        )
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={directory}"]
    answer = subprocess.run(
        [maven, "--quiet", "--batch-mode", "--file", str(pom), *goal],
        env=os.environ | {"JAVA_HOME": str(java.home)},
        capture_output=True,
        text=True,
        timeout=DOWNLOAD_TIMEOUT_SECONDS,
        check=False,
    )
    if answer.returncode != 0:
        reason = "\n".join((answer.stdout + answer.stderr).splitlines()[:10])
        raise LocalStackError(f"Maven could not fetch Kafka's jars:\n{reason}")
