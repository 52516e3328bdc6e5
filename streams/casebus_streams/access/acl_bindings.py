"""Grants as the ACL bindings of the Kafka client, and back."""

from __future__ import annotations

from typing import Any

from confluent_kafka.admin._acl import AclBinding, AclBindingFilter, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType

from casebus_streams.access.grants import Grant, Operation, Resource

_TYPES = {
    Resource.TOPIC: ResourceType.TOPIC,
    Resource.GROUP: ResourceType.GROUP,
    Resource.TRANSACTIONAL_ID: ResourceType.TRANSACTIONAL_ID,
    Resource.CLUSTER: ResourceType.BROKER,  # the client's old name for the cluster
}
_OPERATIONS = {
    Operation.READ: AclOperation.READ,
    Operation.WRITE: AclOperation.WRITE,
    Operation.DESCRIBE: AclOperation.DESCRIBE,
}
_RESOURCE_OF: dict[object, Resource] = {kind: resource for resource, kind in _TYPES.items()}
_OPERATION_OF: dict[object, Operation] = {client: operation for operation, client in _OPERATIONS.items()}
_ANY_HOST = "*"


def binding_of(principal: str, grant: Grant) -> AclBinding:
    """The ACL that gives ``principal`` (``User:…``) this right from any host."""
    return AclBinding(
        _TYPES[grant.resource],
        grant.name,
        ResourcePatternType.PREFIXED if grant.prefixed else ResourcePatternType.LITERAL,
        principal,
        _ANY_HOST,
        _OPERATIONS[grant.operation],
        AclPermissionType.ALLOW,
    )


def grant_of(binding: AclBinding) -> Grant | None:
    """The right that an ACL gives, or None when it is none that this package would give."""
    resource = _RESOURCE_OF.get(binding.restype)
    operation = _OPERATION_OF.get(binding.operation)
    prefixed = binding.resource_pattern_type is ResourcePatternType.PREFIXED
    is_ours = binding.permission_type is AclPermissionType.ALLOW and binding.host == _ANY_HOST
    if resource is None or operation is None or not is_ours or (prefixed and not binding.name.endswith((".", "-"))):
        return None
    return Grant(resource, binding.name, operation, prefixed)


def everything_of(principal: str | None) -> AclBindingFilter:
    """Matches each ACL of ``principal``, those that this package did not give included; of everyone for None."""
    anything: Any = None  # the client's annotations forget that a filter may leave a name open
    return AclBindingFilter(
        ResourceType.ANY,
        anything,
        ResourcePatternType.ANY,
        anything if principal is None else principal,
        anything,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
