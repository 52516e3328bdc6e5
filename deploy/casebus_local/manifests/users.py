"""Services and agencies as ``KafkaUser`` resources, with the rights that ``casebus_streams.access`` derives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from casebus_local.manifests.resource import Resource, resource
from casebus_schemas import Topics
from casebus_streams.access.agencies import agency_grants
from casebus_streams.access.grants import Grant
from casebus_streams.access.grants import Resource as Kind
from casebus_streams.access.quotas import AGENCY_QUOTA
from casebus_streams.access.services import SERVICES, STREAMS, service_grants

USERS = tuple(service for service in SERVICES if service is not STREAMS)
"""Intake and overviews are workloads of their own here, so that only intake holds the pepper."""

_KINDS = {
    Kind.TOPIC: "topic",
    Kind.GROUP: "group",
    Kind.TRANSACTIONAL_ID: "transactionalId",
    Kind.CLUSTER: "cluster",
}


def service_users(topics: Topics) -> list[Resource]:
    """One user for each service, and the administrator."""
    users = [_user(service.name, _rules(service_grants(service, topics))) for service in USERS]
    return [*users, _user("administrator", _administrator_rules(topics.prefix))]


def agency_user(topics: Topics, agency: str) -> Resource:
    """An agency's user, with its quotas. Strimzi names the login after the resource, which has no capitals."""
    user = _user(agency.lower(), _rules(agency_grants(agency, topics)))
    user["spec"]["quotas"] = {
        "producerByteRate": AGENCY_QUOTA.produce_bytes_per_second,
        "consumerByteRate": AGENCY_QUOTA.consume_bytes_per_second,
        "requestPercentage": int(AGENCY_QUOTA.request_percentage),
    }
    return user


def _rules(grants: Iterable[Grant]) -> list[Resource]:
    """One rule for each resource, with all that may be done to it."""
    operations: dict[tuple[Kind, str, bool], set[str]] = defaultdict(set)
    for grant in grants:
        operations[grant.resource, grant.name, grant.prefixed].add(grant.operation.capitalize())
    return [
        {"resource": _where(kind, name, is_prefix=is_prefix), "operations": sorted(allowed)}
        for (kind, name, is_prefix), allowed in sorted(operations.items())
    ]


def _administrator_rules(prefix: str) -> list[Resource]:
    """For ``casebus topics``, ``verify``, ``rebuild`` and ``dead-letters``: all of the bus, nothing beside it."""
    kinds = (Kind.TOPIC, Kind.GROUP, Kind.TRANSACTIONAL_ID)
    bus = [{"resource": _where(kind, f"{prefix}.", is_prefix=True), "operations": ["All"]} for kind in kinds]
    return [*bus, {"resource": _where(Kind.CLUSTER, ""), "operations": ["Describe", "DescribeConfigs"]}]


def _where(kind: Kind, name: str, *, is_prefix: bool = False) -> Resource:
    if kind is Kind.CLUSTER:  # there is one, and Strimzi gives it no name
        return {"type": _KINDS[kind]}
    return {"type": _KINDS[kind], "name": name, "patternType": "prefix" if is_prefix else "literal"}


def _user(name: str, rules: list[Resource]) -> Resource:
    spec = {"authentication": {"type": "scram-sha-512"}, "authorization": {"type": "simple", "acls": rules}}
    return resource("KafkaUser", name, spec)
