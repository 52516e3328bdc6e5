"""What an agency tells about a case: the whole visible state, so that nobody has to call back."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from casebus_schemas.model import ContractModel, UtcDatetime
from casebus_schemas.status import Phase
from casebus_schemas.text import PRINTABLE, LongText, ShortText

CaseId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:/-]{1,128}$")]
HttpsUrl = Annotated[
    str,
    Field(
        max_length=2048,
        pattern=r'^https://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?(?:[/?#][^\s<>"\\]*)?$',
    ),
]
"""An address that a citizen may follow: https, an ASCII host name, no user name before it."""
EmailAddress = Annotated[str, Field(max_length=254, pattern=r"^[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+$")]


class ActionBy(StrEnum):
    """Who must act."""

    PARTY = "party"
    THIRD_PARTY = "third-party"
    AGENCY = "agency"


class Outcome(StrEnum):
    """How a case was decided."""

    GRANTED = "granted"
    PARTIALLY_GRANTED = "partially-granted"
    REFUSED = "refused"
    DISCONTINUED = "discontinued"


class Sensitivity(StrEnum):
    """Confidential text is shown only at high assurance and never sent in a notification."""

    NORMAL = "normal"
    CONFIDENTIAL = "confidential"


class NotifyMode(StrEnum):
    """How the citizen is told: not at all (a silent update), as they prefer, or at once."""

    NONE = "none"
    NORMAL = "normal"
    URGENT = "urgent"


class Status(ContractModel):
    """Where the case stands, since when. ``code`` comes from the published list; an unknown one is a warning."""

    phase: Phase
    code: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9]{0,63}$")]
    detail: ShortText | None = None
    occurred_at: UtcDatetime
    final: bool | None = None


class Action(ContractModel):
    """Something is expected. With ``by = party`` the citizen must do it, before ``due_at`` when given."""

    what: ShortText
    by: ActionBy
    url: HttpsUrl | None = None
    due_at: UtcDatetime | None = None


class Result(ContractModel):
    """The decision."""

    outcome: Outcome
    text: LongText | None = None
    reference: Annotated[str, Field(min_length=1, max_length=200, pattern=PRINTABLE)] | None = None


class Expected(ContractModel):
    """When news, the decision, and the legal limit are to be expected."""

    next_status_by: UtcDatetime | None = None
    decision_by: UtcDatetime | None = None
    legal_deadline: UtcDatetime | None = None


class Suspension(ContractModel):
    """The clock stands still since then."""

    since: UtcDatetime
    reason: ShortText | None = None


class Link(ContractModel):
    """A place to go on: https only, on the agency's own hosts when it has an allow-list."""

    url: HttpsUrl
    label: ShortText
    rel: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")] | None = None


class Contact(ContractModel):
    """Whom to ask."""

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=PRINTABLE)] | None = None
    phone: Annotated[str, Field(pattern=r"^\+?[0-9 ()./-]{3,32}$")] | None = None
    email: EmailAddress | None = None
    website: HttpsUrl | None = None


class Notify(ContractModel):
    """Whether and from when the citizen may be told."""

    mode: NotifyMode
    not_before: UtcDatetime | None = None


class CaseContent(ContractModel):
    """The visible case, without its parties: what the accepted log, overviews and changes carry."""

    case_type: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")] | None = None
    title: ShortText
    summary: LongText | None = None
    status: Status
    action: Action | None = None
    result: Result | None = None
    expected: Expected | None = None
    suspension: Suspension | None = None
    links: Annotated[tuple[Link, ...], Field(max_length=10, strict=False)] | None = None
    contact: Contact | None = None
    sensitivity: Sensitivity
    visible_from: UtcDatetime | None = None
    expires_at: UtcDatetime | None = None
    notify: Notify | None = None
    external_reference: Annotated[str, Field(min_length=1, max_length=200, pattern=PRINTABLE)] | None = None
    tags: (
        Annotated[
            tuple[Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTABLE)], ...],
            Field(max_length=20, strict=False),
        ]
        | None
    ) = None
