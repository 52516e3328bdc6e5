"""The Kafka cluster: brokers, controllers, listeners and what no topic may say otherwise."""

from __future__ import annotations

from casebus_local.manifests.resource import CLUSTER, Resource, resource
from casebus_local.manifests.sizes import MIN_IN_SYNC, REPLICAS, Size

KAFKA_VERSION = "4.3.1"
"""The version of the local stack and its tests, ``deploy/kafka/pom.xml``."""


def cluster_resources(size: Size) -> list[Resource]:
    """The node pools of a size, and the cluster that they make."""
    return [*_node_pools(size), resource("Kafka", CLUSTER, _cluster(), belongs_to_cluster=False)]


def _node_pools(size: Size) -> list[Resource]:
    brokers = {
        "replicas": size.brokers,
        "roles": ["broker"] if size.controllers else ["controller", "broker"],
        "storage": _storage(size.storage_gib),
        "resources": _resources(size.cpu, size.memory_gib),
        "jvmOptions": {"-Xms": f"{size.memory_gib // 2}g", "-Xmx": f"{size.memory_gib // 2}g"},
    }
    pools = [resource("KafkaNodePool", "broker", brokers)]
    if size.controllers:
        controllers = {
            "replicas": size.controllers,
            "roles": ["controller"],
            "storage": _storage(10),
            "resources": _resources(1, 2),
        }
        pools.append(resource("KafkaNodePool", "controller", controllers))
    return pools


def _cluster() -> Resource:
    config = {
        # A misspelt topic must be an error, and only the operator may make one.
        "auto.create.topics.enable": False,
        "default.replication.factor": REPLICAS,
        "min.insync.replicas": MIN_IN_SYNC,
        "offsets.topic.replication.factor": REPLICAS,
        "transaction.state.log.replication.factor": REPLICAS,
        "transaction.state.log.min.isr": MIN_IN_SYNC,
        # A killed worker's open transaction holds up who goes on: until its time-out, and this (10 s unless set).
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": 1000,
        # A broker that was killed must be missed before it is back: see "What Kafka does not keep" in the guarantees.
        "broker.heartbeat.interval.ms": 1000,
        "broker.session.timeout.ms": 6000,
        # A replica that lacks records must never lead: what was acknowledged would be gone.
        "unclean.leader.election.enable": False,
        "compression.type": "producer",
    }
    kafka = {
        "version": KAFKA_VERSION,
        "listeners": [
            {
                "name": "internal",
                "port": 9093,
                "type": "internal",
                "tls": True,
                "authentication": _password(),
                "networkPolicyPeers": [{"podSelector": {"matchLabels": {"app.kubernetes.io/part-of": "casebus"}}}],
            },
            {"name": "agencies", "port": 9094, "type": "loadbalancer", "tls": True, "authentication": _password()},
        ],
        "authorization": {"type": "simple"},
        "config": config,
    }
    return {"kafka": kafka, "entityOperator": {"topicOperator": {}, "userOperator": {}}}


def _password() -> Resource:
    """A name and a password that never cross the wire."""
    return {"type": "scram-sha-512"}


def _storage(gib: int) -> Resource:
    volume = {"id": 0, "type": "persistent-claim", "size": f"{gib}Gi", "deleteClaim": False, "kraftMetadata": "shared"}
    return {"type": "jbod", "volumes": [volume]}


def _resources(cpu: int, memory_gib: int) -> Resource:
    return {"requests": {"cpu": str(cpu), "memory": f"{memory_gib}Gi"}, "limits": {"memory": f"{memory_gib}Gi"}}
