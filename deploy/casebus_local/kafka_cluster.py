"""One broker, or a cluster of three with replication."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from casebus_local.broker import Broker, BrokerOptions, live_brokers, quiet_admin
from casebus_local.broker_properties import BrokerNode
from casebus_local.class_archive import provide_class_archive
from casebus_local.java import find_java
from casebus_local.kafka_distribution import provide_kafka
from casebus_local.ports import free_port
from casebus_local.waiting import wait_until

MEMBERSHIP_TIMEOUT_SECONDS = 30


class KafkaCluster:
    """Brokers that know of each other, each also a controller."""

    def __init__(self, brokers: list[Broker], options: BrokerOptions) -> None:
        self.brokers = brokers
        self._options = options

    @classmethod
    def prepare(cls, directory: Path, *, size: int, options: BrokerOptions) -> KafkaCluster:
        """Find Java and Kafka, choose ports and lay out ``size`` brokers under ``directory``; starts nothing.

        Blocks while jars are downloaded and, the first time, while Java's class archive is made.
        Raises ``MissingToolError`` and ``LocalStackError``.
        """
        java = find_java()
        kafka = provide_kafka(java)
        class_archive = provide_class_archive(java, kafka) if options.tuned_for == "start" else []
        nodes = [BrokerNode(node_id, free_port(), free_port(), free_port()) for node_id in range(1, size + 1)]
        return cls(
            [
                Broker(
                    node,
                    nodes,
                    directory=directory / f"broker-{node.node_id}",
                    java=java,
                    kafka=kafka,
                    options=options,
                    class_archive=class_archive,
                )
                for node in nodes
            ],
            options,
        )

    @property
    def bootstrap_servers(self) -> str:
        """Every broker's address, comma-separated."""
        return ",".join(broker.node.address for broker in self.brokers)

    def start(self) -> None:
        """Start all brokers at once and block until they all are members; errors as ``Broker.start``."""
        with ThreadPoolExecutor(max_workers=len(self.brokers)) as pool:
            list(pool.map(Broker.start, self.brokers))
        admin = quiet_admin(self.bootstrap_servers, self._options.client_properties())
        wait_until(
            lambda: len(live_brokers(admin)) == len(self.brokers),
            timeout_seconds=MEMBERSHIP_TIMEOUT_SECONDS,
            describe=f"{len(self.brokers)} Kafka brokers in the cluster's metadata",
        )

    def stop(self) -> None:
        """Stop all brokers at once: the last ones of a quorum could not hand over to anyone. Blocks."""
        with ThreadPoolExecutor(max_workers=len(self.brokers)) as pool:
            list(pool.map(Broker.stop, self.brokers))
