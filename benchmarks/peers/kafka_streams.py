"""Kafka Streams: built by Maven when its sources changed, started with the JVM settings that made it fastest."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from benchmarks.bus import BenchBus

from casebus_local import LocalStackError, MissingToolError
from casebus_local.child_process import ChildProcess
from casebus_local.java import Java, find_java

PROJECT: Final = Path(__file__).resolve().parents[2]
SOURCES: Final = PROJECT / "benchmarks" / "peers" / "kafka-streams"
BUILT: Final = PROJECT / "var" / "benchmarks" / "kafka-streams"
_MARKER: Final = BUILT / "complete"
_BUILD_SECONDS: Final = 600
# A fixed heap of which half is young, and the collector for throughput: nearly all objects die at once.
_JVM: Final = ("-Xms2g", "-Xmx2g", "-Xmn1g", "-XX:+UseParallelGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")


@dataclass(frozen=True)
class KafkaStreams:
    """Processor API, exactly_once_v2, two threads, record cache off, commit each second.

    ``json`` says what it does with the parts of documents that the fold does not look at: ``raw`` skips and copies
    their bytes as ours does, ``tree`` keeps Jackson's trees, which is the usual way.
    """

    store: Literal["memory", "rocksdb"] = "memory"
    json: Literal["raw", "tree"] = "raw"

    @property
    def name(self) -> str:
        """With what tells the variants apart."""
        return f"Kafka Streams, exactly_once_v2, {self.store}, {self.json} JSON"

    def group(self, bus: BenchBus) -> str:
        """The application id."""
        return f"{bus.topics.prefix}.kafka-streams"

    def start(self, bus: BenchBus) -> ChildProcess:
        """Build if need be, and start. Raises ``MissingToolError`` and ``LocalStackError``."""
        java = find_java()
        build(java)
        state = Path(tempfile.mkdtemp(prefix="kafka-streams-", dir=bus.stack.directory))
        classpath = f"{BUILT / 'classes'}:{BUILT / 'dependency'}/*"
        main = [str(java.executable), *_JVM, "-cp", classpath, "casebus.bench.Main"]
        arguments = [bus.stack.bootstrap_servers, bus.topics.prefix, self.group(bus), str(state), self.store, self.json]
        return ChildProcess(self.name, main + arguments, log_path=state / "kafka-streams.log", environment={})


def is_built() -> bool:
    """Whether the program is there, made from these very sources."""
    return _MARKER.exists() and _MARKER.read_text() == _digest_of_sources()


def build(java: Java) -> None:
    """Compile and fetch the jars, unless it is built. Blocks, the first time for a minute."""
    if is_built():
        return
    maven = shutil.which("mvn")
    if maven is None:
        raise MissingToolError(
            "The Kafka Streams peer is built with Apache Maven: install mvn and a JDK of release 17."
        )
    goals = ["compile", "dependency:copy-dependencies", "-DincludeScope=runtime"]
    answer = subprocess.run(
        [maven, "--quiet", "--batch-mode", "--file", str(SOURCES / "pom.xml"), *goals],
        env=os.environ | {"JAVA_HOME": str(java.home)},
        capture_output=True,
        text=True,
        timeout=_BUILD_SECONDS,
        check=False,
    )
    if answer.returncode != 0:
        reason = "\n".join((answer.stdout + answer.stderr).splitlines()[:10])
        raise LocalStackError(f"Maven could not build the Kafka Streams peer:\n{reason}")
    _MARKER.write_text(_digest_of_sources())


def _digest_of_sources() -> str:
    sources = sorted(path for path in SOURCES.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
