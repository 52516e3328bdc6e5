"""What an agency lacks of what it should have: a comparison of values, nothing is asked and nothing done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from casebus_schemas import Topics
from casebus_streams.access.agencies import AgencyTopics, agency_grants
from casebus_streams.access.grants import Grant
from casebus_streams.access.quotas import AGENCY_QUOTA, Quota


@dataclass(frozen=True, slots=True)
class AgencyPlan:
    """What must be done for one agency. Nothing in it destroys: ``surplus_grants`` are told, and left."""

    agency: str
    missing_topics: tuple[str, ...]
    missing_grants: tuple[Grant, ...]
    surplus_grants: tuple[Grant, ...]
    sets_password: bool
    sets_quota: Quota | None
    """None when it has limits already, whatever they are: an operator may have given it others."""

    @property
    def is_empty(self) -> bool:
        """Whether the agency has all it should have."""
        return not (self.missing_topics or self.missing_grants or self.sets_quota or self.sets_password)

    def lines(self) -> list[str]:
        """The plan for people: ``+`` will be made, ``!`` is left but should be looked at."""
        return [
            *(f"+ topic {name}" for name in self.missing_topics),
            *(f"+ right {grant}" for grant in self.missing_grants),
            *([] if self.sets_quota is None else [f"+ quota {self.sets_quota}"]),
            *([f"+ password of {self.agency}, instead of any earlier one"] if self.sets_password else []),
            *(f"! right {grant} is not of an agency's; it is left" for grant in self.surplus_grants),
        ]


def plan_agency(
    agency: str,
    topics: Topics,
    *,
    existing_topics: Iterable[str],
    grants: frozenset[Grant],
    limits: Mapping[str, float],
    has_password: bool,
    new_password: bool = False,
) -> AgencyPlan:
    """Compare what ``agency`` should have with what it has; ``new_password`` replaces one that is there."""
    wanted = agency_grants(agency, topics)
    declared = {name for name, _ in AgencyTopics(topics.prefix).declared([agency])}
    return AgencyPlan(
        agency=agency,
        missing_topics=tuple(sorted(declared - set(existing_topics))),
        missing_grants=tuple(sorted(wanted - grants)),
        surplus_grants=tuple(sorted(grants - wanted)),
        sets_quota=None if limits else AGENCY_QUOTA,
        sets_password=new_password or not has_password,
    )
