"""The declared topics as ``KafkaTopic`` resources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from casebus_local.manifests.resource import Resource, resource
from casebus_local.manifests.sizes import REPLICAS, Size
from casebus_schemas import TopicDeclaration, Topics, partitions_of


def bus_topics(size: Size, topics: Topics) -> list[Resource]:
    """The topics that exist once."""
    return list(_resources(topics.declared([]), size))


def agency_topics(size: Size, topics: Topics, agency: str) -> list[Resource]:
    """The topics of one agency."""
    return list(_resources(((name, each) for name, each in topics.declared([agency]) if each.per_agency), size))


def _resources(declared: Iterable[tuple[str, TopicDeclaration]], size: Size) -> Iterator[Resource]:
    for name, declaration in declared:
        spec = {
            "topicName": name,  # a resource's own name has no capitals
            "partitions": partitions_of(declaration, size.partitions),
            "replicas": REPLICAS,
            "config": dict(declaration.config),
        }
        yield resource("KafkaTopic", name.lower(), spec)
