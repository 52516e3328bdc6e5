"""The rights: each part has those of its part, each agency those of an agency, and nobody more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from casebus_producers.operator_reports import Finding, Verdict
from casebus_schemas import Topics
from casebus_streams.access.agencies import agency_grants
from casebus_streams.access.broker_access import BrokerAccess
from casebus_streams.access.errors import AccessError
from casebus_streams.access.grants import Grant
from casebus_streams.access.services import SERVICES, service_grants

AREA: Final = "rights"

_MOST_NAMED = 3
_PAGE = "docs/operations/security.md"


def right_findings(admin: AdminClient, topics: Topics, agencies: Iterable[str]) -> Iterator[Finding]:
    """Compare the brokers' ACLs with what the bus declares. Only an administrator may see them."""
    try:
        given = BrokerAccess(admin).grants()
    except AccessError as error:
        yield Finding(AREA, "authorizer", Verdict.WARNING, str(error), f"switch it on before others connect: {_PAGE}")
        return
    except KafkaException as error:
        yield Finding(
            AREA, "authorizer", Verdict.UNKNOWN, f"not to be seen: {error.args[0].name()}", "ask as an administrator"
        )
        return
    if not given:
        says = "the brokers hold no rights of anybody: whoever gets in is a super user, or is refused everything"
        yield Finding(AREA, "authorizer", Verdict.WARNING, says, f"give each part a user of its own: {_PAGE}")
        return
    if anyone := given.get("*"):
        yield Finding(
            AREA, "everyone", Verdict.PROBLEM, f"anyone may {_some(anyone)}", "remove the ACLs of the principal User:*"
        )
    for service in SERVICES:
        if service.name in given:
            wanted = service_grants(service, topics)
            yield from _compared(service.name, wanted, given[service.name], f"give it as {_PAGE} says", topics)
    for agency in agencies:
        has = given.get(agency, frozenset()) | given.get(agency.lower(), frozenset())  # as Strimzi names users
        yield from _compared(agency, agency_grants(agency, topics), has, f"casebus agencies add {agency}", topics)


def _compared(
    user: str, wanted: frozenset[Grant], has: frozenset[Grant], remedy: str, topics: Topics
) -> Iterator[Finding]:
    ours = frozenset(grant for grant in has if _is_about(grant, topics))
    if missing := wanted - ours:
        yield Finding(AREA, user, Verdict.PROBLEM, f"lacks {_some(missing)}", remedy)
    if surplus := ours - wanted:
        yield Finding(
            AREA,
            user,
            Verdict.WARNING,
            f"has {_some(surplus)}, which is not declared",
            "remove the ACL if nobody needs it",
        )
    if wanted == ours:
        yield Finding(AREA, user, Verdict.WELL, f"{len(wanted)} rights, as declared")


def _is_about(grant: Grant, topics: Topics) -> bool:
    """Whether it concerns this bus: one Kafka may carry several, under prefixes of their own."""
    return grant.name.startswith((f"{topics.prefix}.", "casebus", "kafka-cluster"))


def _some(grants: Iterable[Grant]) -> str:
    told = [str(grant) for grant in sorted(grants)]
    more = len(told) - _MOST_NAMED
    return ", ".join(told[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
