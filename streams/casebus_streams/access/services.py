"""What each part of the bus may do, from the topic declaration: which topics it reads, which it writes."""

from __future__ import annotations

from dataclasses import dataclass

from casebus_schemas import Topics
from casebus_schemas.topics import (
    ACCEPTED,
    ACTIVITY,
    AUDIT,
    CHANGES,
    DEAD_LETTERS,
    DECLARATIONS,
    EPOCHS,
    NOTIFICATIONS,
    OUTCOMES,
    OVERVIEWS,
    PREFERENCES,
    REJECTED,
    SOURCES,
    SUBMITTED,
    TopicDeclaration,
)
from casebus_streams.access.grants import Grant, Operation, Resource, topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A part of the bus and its rights; its principal is ``User:`` and its name.

    ``groups`` are the consumer groups it joins or names, after the topics' prefix and a dot; ``named_groups`` are
    beginnings of names from its own settings. ``transactional`` are the stages whose transactional ids it uses.
    """

    name: str
    reads: tuple[TopicDeclaration, ...] = ()
    writes: tuple[TopicDeclaration, ...] = ()
    describes: tuple[TopicDeclaration, ...] = ()
    groups: tuple[str, ...] = ()
    named_groups: tuple[str, ...] = ()
    transactional: tuple[str, ...] = ()


INTAKE = Service(
    name="intake",
    reads=(SUBMITTED,),
    writes=(REJECTED, ACCEPTED, ACTIVITY, DEAD_LETTERS),
    groups=("intake",),
    transactional=("intake",),
)
OVERVIEWS_STAGE = Service(
    name="overviews",
    # Its own topic is its state; a conflict is told to the agency; what is merged or past its time changes the log.
    reads=(ACCEPTED, OVERVIEWS, EPOCHS),
    writes=(OVERVIEWS, CHANGES, ACCEPTED, REJECTED, DEAD_LETTERS),
    groups=("overviews", "restore", "epochs"),
    transactional=("overviews",),
)
STREAMS = Service(
    name="streams",
    # One worker that runs both stages, as ``casebus run streams`` does unless told otherwise.
    reads=(*INTAKE.reads, *OVERVIEWS_STAGE.reads),
    writes=(*INTAKE.writes, *OVERVIEWS_STAGE.writes),
    groups=(*INTAKE.groups, *OVERVIEWS_STAGE.groups),
    transactional=(*INTAKE.transactional, *OVERVIEWS_STAGE.transactional),
)
SOURCES_AGENT = Service(
    name="sources",
    reads=(ACTIVITY, SOURCES),
    writes=(SOURCES, DEAD_LETTERS),
    groups=("sources", "restore"),
)
PROFILE = Service(
    name="profile",
    reads=(OVERVIEWS, EPOCHS, SOURCES, NOTIFICATIONS),
    writes=(PREFERENCES, DEAD_LETTERS),
    groups=("epochs",),
    named_groups=("casebus-profile", "casebus-profile.sources"),
)
NOTIFIER = Service(
    name="notifier",
    reads=(CHANGES, PREFERENCES),
    writes=(OUTCOMES, NOTIFICATIONS, DEAD_LETTERS),
    named_groups=("casebus-notifier",),
)
OPERATORS = Service(
    name="operators",
    # Looks only. Whoever applies topics, adds agencies, replays or rebuilds is an administrator.
    reads=(DEAD_LETTERS, SOURCES, AUDIT),
    describes=DECLARATIONS,
    groups=("tail", "audit"),
)
AUDITORS = Service(
    name="auditors",
    # Only an administrator writes it: whoever could, could also hide what they did.
    reads=(AUDIT,),
    groups=("audit",),
)

SERVICES: tuple[Service, ...] = (
    INTAKE,
    OVERVIEWS_STAGE,
    STREAMS,
    SOURCES_AGENT,
    PROFILE,
    NOTIFIER,
    OPERATORS,
    AUDITORS,
)


def service_grants(service: Service, topics: Topics) -> frozenset[Grant]:
    """The rights of ``service`` on the topics under one prefix, those of agencies and epochs yet to come included."""
    grants: list[Grant] = []
    for operation, declarations in (
        (Operation.READ, service.reads),
        (Operation.WRITE, service.writes),
        (Operation.DESCRIBE, (*service.reads, *service.writes, *service.describes)),
    ):
        for declaration in declarations:
            grants += _on_topics(declaration, topics, operation)
    names = [f"{topics.prefix}.{group}" for group in service.groups] + list(service.named_groups)
    grants += [Grant(Resource.GROUP, name, Operation.READ) for name in names]
    for name in service.named_groups:
        # Beside the group itself, those of its further topics.
        grants += [Grant(Resource.GROUP, f"{name}{dot}", Operation.READ, prefixed=True) for dot in (".", "-")]
    for stage in service.transactional:
        # Its workers' ids: nobody else can fence them.
        grants.append(Grant(Resource.TRANSACTIONAL_ID, f"{topics.prefix}.{stage}.", Operation.WRITE, prefixed=True))
    if service is OPERATORS:
        grants.append(Grant(Resource.GROUP, f"{topics.prefix}.", Operation.DESCRIBE, prefixed=True))
        for name in (*PROFILE.named_groups, *NOTIFIER.named_groups):
            grants.append(Grant(Resource.GROUP, name, Operation.DESCRIBE))  # who runs there; offsets are in databases
        grants.append(Grant(Resource.CLUSTER, "kafka-cluster", Operation.DESCRIBE))
    return frozenset(grants)


def _on_topics(declaration: TopicDeclaration, topics: Topics, operation: Operation) -> list[Grant]:
    name = f"{topics.prefix}.{declaration.name}"
    if declaration.per_agency:
        return topic(f"{name}.", operation, prefixed=True)
    if declaration is OVERVIEWS:
        return [*topic(name, operation), *topic(f"{name}.", operation, prefixed=True)]  # each epoch has its own
    return topic(name, operation)
