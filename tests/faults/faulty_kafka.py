"""A Kafka that can be stopped, killed, and cut off from its workers while the tests still reach it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, Self

from tests.faults.tcp_proxy import TcpProxy

from casebus_local.broker import Broker, BrokerOptions
from casebus_local.broker_properties import BrokerNode
from casebus_local.java import find_java
from casebus_local.kafka_cluster import KafkaCluster
from casebus_local.kafka_distribution import provide_kafka
from casebus_local.keys import LocalKeys
from casebus_local.ports import LOOPBACK, free_port


class KafkaUnderTest(Protocol):
    """What a campaign needs of a Kafka."""

    keys: LocalKeys

    @property
    def servers(self) -> str:
        """Where tests and workloads connect."""

    @property
    def proxied_servers(self) -> str:
        """Where workers connect when they are to be cut off."""


class FaultyKafka:
    """One broker with two listeners: ``servers`` is direct, ``proxied_servers`` leads through ``proxy``."""

    def __init__(self, directory: Path) -> None:
        node = BrokerNode(1, free_port(), free_port())
        behind, front = free_port(), free_port()
        properties = {
            "listeners": f"PLAINTEXT://{node.address},PROXIED://{LOOPBACK}:{behind},"
            f"CONTROLLER://{LOOPBACK}:{node.controller_port}",
            "advertised.listeners": f"PLAINTEXT://{node.address},PROXIED://{LOOPBACK}:{front}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
        }
        java = find_java()
        self.broker = Broker(
            node,
            [node],
            directory=directory / "broker",
            java=java,
            kafka=provide_kafka(java),
            options=BrokerOptions(properties=properties),
        )
        self._node = node
        self._front = front
        self.proxy = TcpProxy(front, behind)
        self.keys = LocalKeys(directory / "keys")
        self.keys.create()

    @property
    def servers(self) -> str:
        return self._node.address

    @property
    def proxied_servers(self) -> str:
        return f"{LOOPBACK}:{self._front}"


class ThreeBrokers:
    """A replicated cluster (three replicas, two in sync), as a context manager; without a proxy."""

    def __init__(self, directory: Path) -> None:
        self._cluster = KafkaCluster.prepare(directory / "cluster", size=3, options=BrokerOptions())
        self.keys = LocalKeys(directory / "keys")
        self.keys.create()

    @property
    def servers(self) -> str:
        return self._cluster.bootstrap_servers

    @property
    def proxied_servers(self) -> str:
        return self._cluster.bootstrap_servers

    @property
    def brokers(self) -> list[Broker]:
        return self._cluster.brokers

    def __enter__(self) -> Self:
        self._cluster.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._cluster.stop()
