"""What one more agency needs."""

from __future__ import annotations

import re

from casebus_local.manifests.resource import Resource
from casebus_local.manifests.sizes import SMALL
from casebus_local.manifests.topics import agency_topics
from casebus_local.manifests.users import agency_user
from casebus_schemas import Topics


def agency_resources(agency: str, topics: Topics | None = None) -> list[Resource]:
    """Its topics and its user, the same in every size. Raises ``ValueError`` for what is no OVO code."""
    if not re.fullmatch(r"OVO[0-9]{6}", agency):
        raise ValueError("agency: an OVO code is OVO and six digits")
    bus = topics or Topics()
    return [*agency_topics(SMALL, bus, agency), agency_user(bus, agency)]
