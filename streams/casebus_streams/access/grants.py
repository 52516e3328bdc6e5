"""One right of one principal: what an ACL of a broker says, without the broker."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Resource(StrEnum):
    """What a right is about."""

    TOPIC = "topic"
    GROUP = "group"
    TRANSACTIONAL_ID = "transactional-id"
    CLUSTER = "cluster"


class Operation(StrEnum):
    """What may be done. Reading and writing include describing, by a rule of Kafka's."""

    READ = "read"
    WRITE = "write"
    DESCRIBE = "describe"


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """``operation`` on the resource ``name``, or on all whose names begin with it when ``prefixed``.

    Raises ``ValueError`` for a beginning that does not end in a separator: ``casebus.OVO00012`` would also be a
    beginning of ``casebus.OVO000123``, somebody else.
    """

    resource: Resource
    name: str
    operation: Operation
    prefixed: bool = False

    def __post_init__(self) -> None:
        if self.prefixed and not self.name.endswith((".", "-")):
            raise ValueError(f"grant on {self.name}: the beginning of a name must end in a separator")

    def __str__(self) -> str:
        return f"{self.operation} {self.resource} {self.name}{'*' if self.prefixed else ''}"


def topic(name: str, *operations: Operation, prefixed: bool = False) -> list[Grant]:
    """Rights on one topic, or on those whose names begin so."""
    return [Grant(Resource.TOPIC, name, operation, prefixed) for operation in operations]


def groups(names: Iterable[str], operation: Operation = Operation.READ) -> list[Grant]:
    """One right on each of some consumer groups: ``READ`` joins and commits, ``DESCRIBE`` only asks."""
    return [Grant(Resource.GROUP, name, operation) for name in names]
