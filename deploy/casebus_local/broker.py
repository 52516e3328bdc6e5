"""One Kafka broker (with its controller) as a child process on the loopback interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from casebus_local.broker_properties import (
    LOG4J2_CONFIGURATION,
    BrokerNode,
    render,
    server_properties,
    shared_cluster_id,
)
from casebus_local.child_process import ChildProcess
from casebus_local.errors import LocalStackError
from casebus_local.java import Java
from casebus_local.kafka_distribution import KafkaDistribution
from casebus_local.ports import is_listening
from casebus_local.secured import SecuredListeners
from casebus_local.waiting import wait_until

FORMAT_TIMEOUT_SECONDS = 60
START_TIMEOUT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 20

TunedFor = Literal["start", "throughput"]


@dataclass(frozen=True)
class BrokerOptions:
    """How brokers run. ``start``: up soon, also after a kill, for tests and the demo. ``throughput``: as in production.

    ``heap`` is Java's -Xmx; ``properties`` override server.properties. ``secured`` brokers let in only who is known.
    """

    tuned_for: TunedFor = "start"
    heap: str = "512m"
    properties: Mapping[str, str] = field(default_factory=dict)
    secured: SecuredListeners | None = None

    def jvm_options(self) -> list[str]:
        """A simple collector and only the quick compiler start faster; steady load wants Java's defaults."""
        quick = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"] if self.tuned_for == "start" else []
        return [f"-Xmx{self.heap}", *quick]

    def broker_properties(self, node: BrokerNode, *, is_alone: bool) -> dict[str, str]:
        """Overrides of server.properties.

        A killed broker may come back, and its partitions move, only when its session has run out: 9 s by
        default, which made a restart after SIGKILL take 12 s instead of 5. Nobody can take over from a broker that
        ``is_alone``: its controller would only take its own partitions from it when the machine stands still for a
        moment. The cleaner wipes its whole buffer before each partition: with the default of 128 MiB that took 200 ms
        for a few records.
        """
        quick = {
            "broker.session.timeout.ms": "20000" if is_alone else "3000",
            "broker.heartbeat.interval.ms": "500",
            "log.cleaner.dedupe.buffer.size": str(4 * 2**20),
        }
        listeners = (
            {}
            if self.secured is None
            else self.secured.broker_properties(node.port, node.internal_port, node.controller_port)
        )
        return {**(quick if self.tuned_for == "start" else {}), **listeners, **self.properties}

    def client_properties(self) -> dict[str, str]:
        """What a client of the stack's own needs to be let in; librdkafka's names."""
        return {} if self.secured is None else self.secured.client_properties()


class Broker:
    """A broker that keeps its port and its data over ``stop``, ``kill`` and ``start``.

    ``cluster`` lists every member, ``node`` included; ``class_archive`` are JVM options that speed up the start.
    Every method may be called from any thread, but not from two at once.
    """

    def __init__(
        self,
        node: BrokerNode,
        cluster: Sequence[BrokerNode],
        *,
        directory: Path,
        java: Java,
        kafka: KafkaDistribution,
        options: BrokerOptions,
        class_archive: Sequence[str] = (),
    ) -> None:
        self.node = node
        self._cluster = cluster
        self._directory = directory
        self._data = directory / "data"
        self._properties_file = directory / "server.properties"
        self._options = options
        self._java = [
            str(java.executable),
            *options.jvm_options(),
            *class_archive,
            f"-Dlog4j2.configurationFile={directory / 'log4j2.properties'}",
            "-cp",
            kafka.classpath,
        ]
        self._process: ChildProcess | None = None

    def start(self) -> None:
        """Format the storage if it is new, start the broker, and block until it answers as a cluster member.

        In a cluster of three this needs a second broker. Raises ``ProcessDiedError`` with the end of the log
        when it ends early, ``TimeoutError`` past the limit, ``LocalStackError`` when it is running already.
        """
        if self._process is not None and self._process.is_running:
            raise LocalStackError(f"{self._name} is running already.")
        self._write_configuration()
        if not (self._data / "meta.properties").exists():
            self._format_storage()
        self._process = self._run("kafka.Kafka", str(self._properties_file))
        self._wait_until_ready(self._process)

    def stop(self) -> None:
        """Orderly shutdown; blocks. SIGKILL after ``STOP_TIMEOUT_SECONDS``. Nothing to do when not running."""
        if self._process is not None:
            self._process.stop(timeout_seconds=STOP_TIMEOUT_SECONDS)

    def kill(self) -> None:
        """SIGKILL; blocks until the process is gone."""
        self.process.kill()

    def pause(self) -> None:
        """SIGSTOP: connections stay open and nothing is answered."""
        self.process.pause()

    def resume(self) -> None:
        """SIGCONT after ``pause``."""
        self.process.resume()

    @property
    def process(self) -> ChildProcess:
        """The process of the latest start; raises ``LocalStackError`` before the first."""
        if self._process is None:
            raise LocalStackError(f"{self._name} was never started.")
        return self._process

    @property
    def log_path(self) -> Path:
        """The broker's log, of all its starts."""
        return self._directory / "broker.log"

    @property
    def _name(self) -> str:
        return f"Kafka broker {self.node.node_id}"

    def _write_configuration(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        overrides = self._options.broker_properties(self.node, is_alone=len(self._cluster) == 1)
        properties = server_properties(self.node, self._cluster, self._data, overrides)
        self._properties_file.write_text(render(properties))
        (self._directory / "log4j2.properties").write_text(LOG4J2_CONFIGURATION)

    def _format_storage(self) -> None:
        # Joined by "=": an id may begin with "-", which on its own would be taken for an option.
        cluster_id = f"--cluster-id={shared_cluster_id(self._directory.parent)}"
        storage_tool = ["kafka.tools.StorageTool", "format", cluster_id, "--config", str(self._properties_file)]
        if self._options.secured is not None:
            storage_tool += self._options.secured.format_options()
        with self._run(*storage_tool) as process:
            process.wait_for_success(FORMAT_TIMEOUT_SECONDS)

    def _run(self, *main_and_arguments: str) -> ChildProcess:
        command = [*self._java, *main_and_arguments]
        # An empty environment: a JAVA_TOOL_OPTIONS of the developer's shell is not meant for this broker.
        return ChildProcess(self._name, command, log_path=self.log_path, environment={})

    def _wait_until_ready(self, process: ChildProcess) -> None:
        def listening() -> bool:
            process.check()
            return is_listening(self.node.port)

        def registered() -> bool:
            process.check()
            return self.node.node_id in live_brokers(admin)

        describe = f"{self._name} answers on {self.node.address}"
        wait_until(listening, timeout_seconds=START_TIMEOUT_SECONDS, describe=describe)
        # Only now a client: one that was refused before would first sit out its reconnect backoff.
        admin = quiet_admin(self.node.address, self._options.client_properties())
        wait_until(registered, timeout_seconds=START_TIMEOUT_SECONDS, describe=describe)


def quiet_admin(bootstrap_servers: str, client_properties: Mapping[str, str] = MappingProxyType({})) -> AdminClient:
    """An admin client that does not write about refused connections, which are expected while starting."""
    quiet: dict[str, str | int | float] = {
        "bootstrap.servers": bootstrap_servers,
        "log_level": 0,
        "reconnect.backoff.max.ms": 200,
    }
    return AdminClient({**quiet, **client_properties})


def live_brokers(admin: AdminClient) -> set[int]:
    """Ids of the brokers in the cluster's metadata; empty when nobody answers within a second. Blocks."""
    try:
        return set(admin.list_topics(timeout=1).brokers)
    except KafkaException:
        return set()
