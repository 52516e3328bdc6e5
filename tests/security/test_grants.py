"""Rights as values: they follow from the declaration, and give no more than it says."""

from __future__ import annotations

from itertools import product

import pytest
from tests.security.conftest import A, B

from casebus_schemas import Topics
from casebus_schemas.topics import DECLARATIONS, TopicDeclaration
from casebus_streams.access.acl_bindings import binding_of, grant_of
from casebus_streams.access.agencies import agency_grants
from casebus_streams.access.agency_plan import plan_agency
from casebus_streams.access.grants import Grant, Operation, Resource
from casebus_streams.access.quotas import AGENCY_QUOTA
from casebus_streams.access.services import SERVICES, STREAMS, Service, service_grants

TOPICS = Topics("case-status", epoch=3)
LIMITS = AGENCY_QUOTA.entries()
ALONE = [service for service in SERVICES if service is not STREAMS]


def name_of(declaration: TopicDeclaration) -> str:
    """A topic of this kind: agency A's where each has one, an epoch's where each has one."""
    return next(name for name, each in TOPICS.declared([A]) if each is declaration)


def allows(grants: frozenset[Grant], resource: Resource, name: str, operation: Operation) -> bool:
    """As the broker decides."""
    return any(
        grant.resource is resource
        and grant.operation is operation
        and (name.startswith(grant.name) if grant.prefixed else name == grant.name)
        for grant in grants
    )


def holders(declaration: TopicDeclaration, operation: Operation) -> set[str]:
    """Who may do it to such a topic."""
    name = name_of(declaration)
    services = {
        service.name for service in ALONE if allows(service_grants(service, TOPICS), Resource.TOPIC, name, operation)
    }
    agency = {"the agency"} if allows(agency_grants(A, TOPICS), Resource.TOPIC, name, operation) else set()
    return services | agency


def declared(words: str) -> set[str]:
    """Who a declaration names, under the names of the services."""
    everyone = words.replace("the Faust agent of sources", "sources").replace("any worker", "any").split(", ")
    return {name for name in everyone if name.split(" ")[0] not in ("anyone", "any", "casebus")}


@pytest.mark.parametrize("declaration", DECLARATIONS, ids=lambda each: each.name)
def test_only_the_declared_writer_writes(declaration: TopicDeclaration) -> None:
    writers, named = holders(declaration, Operation.WRITE), declared(declaration.writer)
    if declaration.name == "rejected":
        named.add("overviews")  # conflicts
    if declaration.name == "dead-letters":
        named = writers - {"the agency", "operators"}
    assert writers == named


@pytest.mark.parametrize("declaration", DECLARATIONS, ids=lambda each: each.name)
def test_only_the_declared_readers_read(declaration: TopicDeclaration) -> None:
    own_state = {"overviews"} if declaration.name == "overviews" else set()
    own_state |= {"sources"} if declaration.name == "sources" else set()
    assert holders(declaration, Operation.READ) == declared(declaration.readers) | own_state


@pytest.mark.parametrize(("resource", "operation"), list(product(Resource, Operation)))
def test_an_agency_has_no_right_on_anything_of_another(resource: Resource, operation: Operation) -> None:
    of_b = [f"case-status.{kind}.{B}" for kind in ("submitted", "rejected", "outcomes")]
    for name in (*of_b, f"casebus.{B}.reader", f"{A}4", f"casebus.{A}4.reader", "case-status.intake.w1"):
        assert not allows(agency_grants(A, TOPICS), resource, name, operation)


def test_a_stage_has_its_own_transactional_ids_only() -> None:
    holders = {
        stage: {
            service.name
            for service in ALONE
            if allows(
                service_grants(service, TOPICS), Resource.TRANSACTIONAL_ID, f"case-status.{stage}.w1.0", Operation.WRITE
            )
        }
        for stage in ("intake", "overviews", "rebuild", "intake2")
    }
    assert holders == {"intake": {"intake"}, "overviews": {"overviews"}, "rebuild": set(), "intake2": set()}


def test_a_worker_with_both_stages_may_do_what_each_may() -> None:
    stages = [service for service in SERVICES if service.name in STREAMS.transactional]
    both = {grant for stage in stages for grant in service_grants(stage, TOPICS)}
    assert service_grants(STREAMS, TOPICS) == both


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_grants_survive_the_way_to_the_broker_and_back(service: Service) -> None:
    grants = service_grants(service, TOPICS)
    assert {grant_of(binding_of("User:x", grant)) for grant in grants} == grants


def test_the_beginning_of_a_name_must_end_in_a_separator() -> None:
    with pytest.raises(ValueError, match=r"casebus\.OVO00012: the beginning of a name must end in a separator"):
        Grant(Resource.GROUP, "casebus.OVO00012", Operation.READ, prefixed=True)


def test_a_plan_says_what_is_missing_and_leaves_what_is_too_much() -> None:
    too_much = Grant(Resource.TOPIC, TOPICS.accepted, Operation.READ)
    has = agency_grants(A, TOPICS) - {Grant(Resource.TOPIC, TOPICS.submitted(A), Operation.WRITE)}
    existing = [TOPICS.submitted(A), TOPICS.rejected(A)]
    plan = plan_agency(A, TOPICS, existing_topics=existing, grants=has | {too_much}, limits=LIMITS, has_password=True)
    assert plan.lines() == [
        f"+ topic {TOPICS.outcomes(A)}",
        f"+ right write topic {TOPICS.submitted(A)}",
        "! right read topic case-status.accepted is not of an agency's; it is left",
    ]


def test_an_agency_with_all_it_needs_has_an_empty_plan() -> None:
    existing = [TOPICS.submitted(A), TOPICS.rejected(A), TOPICS.outcomes(A)]
    grants = agency_grants(A, TOPICS)
    assert plan_agency(A, TOPICS, existing_topics=existing, grants=grants, limits=LIMITS, has_password=True).is_empty
    assert plan_agency(
        A, TOPICS, existing_topics=existing, grants=grants, limits=LIMITS, has_password=False
    ).sets_password


def test_an_agency_without_limits_gets_the_quota_and_other_limits_are_left() -> None:
    existing = [TOPICS.submitted(A), TOPICS.rejected(A), TOPICS.outcomes(A)]
    grants = agency_grants(A, TOPICS)
    without = plan_agency(A, TOPICS, existing_topics=existing, grants=grants, limits={}, has_password=True)
    other = {"producer_byte_rate": 1.0}
    assert without.sets_quota == AGENCY_QUOTA
    assert plan_agency(A, TOPICS, existing_topics=existing, grants=grants, limits=other, has_password=True).is_empty
