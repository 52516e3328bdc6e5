"""What all resources of the Strimzi operator have in common."""

from __future__ import annotations

from typing import Any

CLUSTER = "casebus"
Resource = dict[str, Any]


def resource(kind: str, name: str, spec: Resource, *, belongs_to_cluster: bool = True) -> Resource:
    """One resource. Strimzi 1.0 and later accept ``v1`` only; the label says to which cluster a part belongs."""
    metadata: Resource = {"name": name}
    if belongs_to_cluster:
        metadata["labels"] = {"strimzi.io/cluster": CLUSTER}
    return {"apiVersion": "kafka.strimzi.io/v1", "kind": kind, "metadata": metadata, "spec": spec}
