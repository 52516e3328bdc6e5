"""What an agency may do: publish on its own topic, and read what the bus answers. Nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from casebus_schemas import TopicDeclaration, Topics
from casebus_streams.access.grants import Grant, Operation, Resource, groups, topic


def agency_grants(agency: str, topics: Topics) -> frozenset[Grant]:
    """The rights of the agency with this OVO code.

    It cannot read what it published: a stolen credential then gives away no citizen's number.
    """
    return frozenset(
        [
            *topic(topics.submitted(agency), Operation.WRITE, Operation.DESCRIBE),
            *topic(topics.rejected(agency), Operation.READ, Operation.DESCRIBE),
            *topic(topics.outcomes(agency), Operation.READ, Operation.DESCRIBE),
            Grant(Resource.GROUP, group_prefix(agency), Operation.READ, prefixed=True),
            # ``publish --wait`` asks how far intake is, and reading without a group still names one to its client.
            *groups([f"{topics.prefix}.intake", f"{topics.prefix}.feedback"], Operation.DESCRIBE),
        ]
    )


def group_prefix(agency: str) -> str:
    """How the names of the agency's consumer groups begin."""
    return f"casebus.{agency}."


@dataclass(frozen=True)
class AgencyTopics(Topics):
    """The names of all topics; declares only those that exist once for each agency."""

    def declared(self, agencies: Iterable[str]) -> Iterator[tuple[str, TopicDeclaration]]:
        """The topics of these agencies alone, with their declarations."""
        return ((name, each) for name, each in super().declared(agencies) if each.per_agency)
