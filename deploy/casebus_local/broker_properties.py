"""The server.properties of a local KRaft broker: pure functions of the cluster's shape."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from casebus_local.ports import LOOPBACK

LOG4J2_CONFIGURATION = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %p %c{1} %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
"""
"""Broker logging: to standard output, which the parent directs to the broker's log file."""


@dataclass(frozen=True)
class BrokerNode:
    """One member of the cluster, broker and controller in one process."""

    node_id: int
    port: int
    controller_port: int
    internal_port: int = 0
    """Where brokers reach each other when that is not where clients connect: in a secured cluster."""

    @property
    def address(self) -> str:
        """Where clients connect."""
        return f"{LOOPBACK}:{self.port}"


def server_properties(
    node: BrokerNode, cluster: Sequence[BrokerNode], log_directory: Path, overrides: Mapping[str, str]
) -> dict[str, str]:
    """Everything ``node`` is started with; ``overrides`` win.

    In a cluster of three, every topic has three replicas and a write needs two of them.
    """
    voters = ",".join(f"{each.node_id}@{LOOPBACK}:{each.controller_port}" for each in cluster)
    replicas = str(len(cluster))
    in_sync = str(max(1, len(cluster) - 1))
    return {
        "process.roles": "broker,controller",
        "node.id": str(node.node_id),
        "controller.quorum.voters": voters,
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{node.address},CONTROLLER://{LOOPBACK}:{node.controller_port}",
        "advertised.listeners": f"PLAINTEXT://{node.address}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(log_directory),
        "auto.create.topics.enable": "false",
        "compression.type": "producer",
        "log.cleaner.enable": "true",
        "default.replication.factor": replicas,
        "min.insync.replicas": in_sync,
        # Few partitions: each costs files, and a coordinator answers only once all of its own are loaded.
        "offsets.topic.num.partitions": "4",
        "offsets.topic.replication.factor": replicas,
        "transaction.state.log.num.partitions": "4",
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": in_sync,
        # A killed worker's open transaction holds up who goes on: until its time-out, and this.
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
        # Production waits 3 s for more members and refuses sessions under 6 s; tests want neither.
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "1000",
        **overrides,
    }


def shared_cluster_id(directory: Path) -> str:
    """The cluster id of the brokers under ``directory``: every member must carry the same one."""
    shared = uuid.uuid5(uuid.NAMESPACE_URL, directory.resolve().as_uri())
    return base64.urlsafe_b64encode(shared.bytes).decode().rstrip("=")


def render(properties: Mapping[str, str]) -> str:
    """The text of a properties file."""
    return "".join(f"{name}={value}\n" for name, value in properties.items())
