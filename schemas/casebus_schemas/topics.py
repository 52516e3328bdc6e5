"""Every topic of the bus, declared once: name, key, value, settings, who writes and who reads.

Auto-creation is off on the broker: ``casebus topics apply`` and the local stack create what is declared here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from casebus_schemas.accepted import AcceptedEvent
from casebus_schemas.audit import AuditEntry
from casebus_schemas.change import Change
from casebus_schemas.control import Clock, Erased, Merged
from casebus_schemas.dead_letter import DeadLetter
from casebus_schemas.epoch import EpochState, OverviewsEpoch
from casebus_schemas.model import ContractModel
from casebus_schemas.notification import NotificationOutcome
from casebus_schemas.overview import Overview
from casebus_schemas.preferences import Preferences
from casebus_schemas.rejection import Rejection
from casebus_schemas.sent_notification import SentNotification
from casebus_schemas.sources import AgencyActivity, SourceFreshness

DEFAULT_PARTITIONS = 12
AGENCY_PARTITIONS = 2
_DAY_MS = 86_400_000
_LARGE_RECORD_BYTES = str(8 * 1024 * 1024)

# A tombstone must reach every reader, and erasure must end within a known time.
_COMPACT = {
    "cleanup.policy": "compact",
    "max.compaction.lag.ms": str(7 * _DAY_MS),
    "delete.retention.ms": str(7 * _DAY_MS),
}


def _delete_after(days: int) -> dict[str, str]:
    return {"cleanup.policy": "delete", "retention.ms": str(days * _DAY_MS)}


@dataclass(frozen=True, slots=True)
class TopicDeclaration:
    """One kind of topic. ``controls`` stand among the records of ``model``, under keys of their own.

    ``per_agency`` topics exist once for each OVO code, appended to the name.

    ``by_party`` topics share the partition count and put everything about a party in the same partition.
    """

    name: str
    key: str
    writer: str
    readers: str
    config: dict[str, str] = field(default_factory=dict)
    model: type[ContractModel] | None = None
    controls: tuple[type[ContractModel], ...] = ()
    per_agency: bool = False
    by_party: bool = False


SUBMITTED = TopicDeclaration(
    name="submitted",
    key="case id",
    writer="the agency",
    readers="intake",
    # The broker's clock, not the agency's: retention and latency start when the event arrived.
    config=_delete_after(14) | {"message.timestamp.type": "LogAppendTime"},
    per_agency=True,
)
REJECTED = TopicDeclaration(
    name="rejected",
    key="as submitted",
    writer="intake",
    readers="the agency",
    config=_delete_after(30),
    model=Rejection,
    per_agency=True,
)
ACCEPTED = TopicDeclaration(
    name="accepted",
    key="party_ref/agency/case_id/sequence/event_id/digest; with ! behind the party_ref, or first, a control record",
    writer="intake, overviews",
    readers="overviews, anyone allowed",
    config=_COMPACT,
    model=AcceptedEvent,
    controls=(Erased, Merged, Clock),
    by_party=True,
)
OVERVIEWS = TopicDeclaration(
    name="overviews",
    key="party_ref",
    writer="overviews",
    readers="profile, anyone allowed",
    config=_COMPACT | {"max.message.bytes": _LARGE_RECORD_BYTES},
    model=Overview,
    by_party=True,
)
CHANGES = TopicDeclaration(
    name="changes",
    key="party_ref",
    writer="overviews",
    readers="notifier, anyone allowed",
    config=_delete_after(30),
    model=Change,
    by_party=True,
)
ACTIVITY = TopicDeclaration(
    name="activity",
    key="agency",
    writer="intake",
    readers="the Faust agent of sources",
    config=_delete_after(2),
    model=AgencyActivity,
)
SOURCES = TopicDeclaration(
    name="sources",
    key="agency",
    writer="the Faust agent of sources",
    readers="profile, operators",
    config=_COMPACT,
    model=SourceFreshness,
)
PREFERENCES = TopicDeclaration(
    name="preferences",
    key="party_ref",
    writer="profile",
    readers="notifier",
    config=_COMPACT,
    model=Preferences,
    by_party=True,
)
OUTCOMES = TopicDeclaration(
    name="outcomes",
    key="case id",
    writer="notifier",
    readers="the agency",
    config=_delete_after(30),
    model=NotificationOutcome,
    per_agency=True,
)
NOTIFICATIONS = TopicDeclaration(
    name="notifications",
    key="party_ref",
    writer="notifier",
    readers="profile",
    config=_delete_after(30),
    model=SentNotification,
    by_party=True,
)
DEAD_LETTERS = TopicDeclaration(
    name="dead-letters",
    key="original key",
    writer="any worker",
    readers="operators",
    config=_delete_after(30) | {"max.message.bytes": _LARGE_RECORD_BYTES},
    model=DeadLetter,
)
EPOCHS = TopicDeclaration(
    name="epochs",
    key="overviews",
    writer="casebus rebuild",
    readers="overviews, profile, anyone who reads overviews",
    config=_COMPACT,
    model=OverviewsEpoch,
)

AUDIT = TopicDeclaration(
    name="audit",
    key="sequence",
    writer="casebus commands",
    readers="auditors, operators",
    # Append-only: nothing in it is ever replaced by a later record, as compaction would.
    config={"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"},
    model=AuditEntry,
)

DECLARATIONS: tuple[TopicDeclaration, ...] = (
    SUBMITTED,
    REJECTED,
    ACCEPTED,
    OVERVIEWS,
    CHANGES,
    ACTIVITY,
    SOURCES,
    PREFERENCES,
    OUTCOMES,
    NOTIFICATIONS,
    DEAD_LETTERS,
    EPOCHS,
    AUDIT,
)


@dataclass(frozen=True)
class Topics:
    """The topics' names under one prefix (``case-status`` unless configured).

    ``epoch`` says which overviews are meant: each rebuild makes a topic of its own, see ``OverviewsEpoch``.
    """

    prefix: str = "case-status"
    epoch: int = 1

    def submitted(self, agency: str) -> str:
        """Where one agency publishes."""
        return f"{self.prefix}.submitted.{agency}"

    def rejected(self, agency: str) -> str:
        """Where one agency reads what was refused."""
        return f"{self.prefix}.rejected.{agency}"

    def outcomes(self, agency: str) -> str:
        """Where one agency reads what became of the notifications about its cases."""
        return f"{self.prefix}.outcomes.{agency}"

    @cached_property
    def submitted_pattern(self) -> str:
        """A regular expression, in librdkafka's form, for the submitted topics of all agencies."""
        return rf"^{self.prefix}\.submitted\.OVO[0-9][0-9][0-9][0-9][0-9][0-9]$"

    @cached_property
    def accepted(self) -> str:
        """The canonical log."""
        return f"{self.prefix}.accepted"

    @cached_property
    def overviews(self) -> str:
        """The materialized views of this epoch."""
        return f"{self.prefix}.overviews" + ("" if self.epoch == 1 else f".e{self.epoch}")

    @cached_property
    def changes(self) -> str:
        """What changed in them."""
        return f"{self.prefix}.changes"

    @cached_property
    def activity(self) -> str:
        """What intake handled, counted per agency."""
        return f"{self.prefix}.activity"

    @cached_property
    def sources(self) -> str:
        """How fresh each agency is."""
        return f"{self.prefix}.sources"

    @cached_property
    def preferences(self) -> str:
        """What each party wants to be told."""
        return f"{self.prefix}.preferences"

    @cached_property
    def notifications(self) -> str:
        """What each party was told, and when."""
        return f"{self.prefix}.notifications"

    @cached_property
    def dead_letters(self) -> str:
        """What no code could handle."""
        return f"{self.prefix}.dead-letters"

    @property
    def epochs(self) -> str:
        """Which epoch of the overviews is live."""
        return f"{self.prefix}.epochs"

    @property
    def audit(self) -> str:
        """What operators did."""
        return f"{self.prefix}.audit"

    @property
    def first_epoch(self) -> OverviewsEpoch:
        """What is live before the first rebuild."""
        return OverviewsEpoch(epoch=1, topic=Topics(self.prefix).overviews, state=EpochState.LIVE)

    def declared(self, agencies: Iterable[str]) -> Iterator[tuple[str, TopicDeclaration]]:
        """Every topic that must exist for these agencies, with its declaration."""
        codes = sorted(set(agencies))
        for declaration in DECLARATIONS:
            if declaration.per_agency:
                for code in codes:
                    yield f"{self.prefix}.{declaration.name}.{code}", declaration
            elif declaration is OVERVIEWS:
                yield self.overviews, declaration
            else:
                yield f"{self.prefix}.{declaration.name}", declaration


def partitions_of(declaration: TopicDeclaration, partitions: int = DEFAULT_PARTITIONS) -> int:
    """How many partitions a topic gets: ``partitions`` for those by party, few for the small ones."""
    if declaration.by_party:
        return partitions
    return AGENCY_PARTITIONS if declaration.per_agency else 1
