"""The table of ``docs/operations/security.md`` as the code has it: run as a module to print it."""

from __future__ import annotations

from collections.abc import Iterable

from casebus_schemas import Topics
from casebus_streams.access.agencies import agency_grants
from casebus_streams.access.grants import Grant, Operation, Resource
from casebus_streams.access.services import SERVICES, service_grants

HEADER = (
    "| user | reads | writes | only sees | joins groups | only asks groups | transactional ids |\n"
    "|---|---|---|---|---|---|---|"
)
_AGENCY = "OVO000123"


def rights_table() -> str:
    """One line for each kind of user, with the names of the default prefix."""
    topics = Topics()
    rows = [_row("an agency, here `OVO000123`", agency_grants(_AGENCY, topics))]
    rows += [_row(f"`{service.name}`", service_grants(service, topics)) for service in SERVICES]
    return "\n".join([HEADER, *rows])


def _row(user: str, grants: frozenset[Grant]) -> str:
    reads = _names(grants, Resource.TOPIC, Operation.READ)
    writes = _names(grants, Resource.TOPIC, Operation.WRITE)
    sees = _names(grants, Resource.TOPIC, Operation.DESCRIBE) - reads - writes
    joins = _names(grants, Resource.GROUP, Operation.READ)
    asks = _names(grants, Resource.GROUP, Operation.DESCRIBE)
    ids = _names(grants, Resource.TRANSACTIONAL_ID, Operation.WRITE)
    return f"| {user} | " + " | ".join(_cell(names) for names in (reads, writes, sees, joins, asks, ids)) + " |"


def _names(grants: Iterable[Grant], resource: Resource, operation: Operation) -> set[str]:
    return {
        f"{grant.name.removeprefix('case-status.')}{'*' if grant.prefixed else ''}" or "*"
        for grant in grants
        if grant.resource is resource and grant.operation is operation
    }


def _cell(names: set[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) or "-"


if __name__ == "__main__":
    print(rights_table())  # noqa: T201 - what running this module is for
