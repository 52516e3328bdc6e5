"""A message as it goes over a channel: rendered, with an id that stays the same over all attempts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from casebus_consumers.notifier.case_file import CaseFile
from casebus_consumers.notifier.notice import NAMESPACE, Notice
from casebus_schemas import ChannelKind, Language


@dataclass(frozen=True, slots=True)
class Message:
    """Ready to be sent. ``created_at`` is when it was put together, the same in every attempt.

    ``traceparent`` is the trace of the event that it tells of; of several, the first that has one.
    """

    id: UUID
    channel: ChannelKind
    language: Language
    created_at: datetime
    is_urgent: bool
    subject: str
    text: str
    html: str
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A notice and the case as it stands now."""

    notice: Notice
    case: CaseFile


def message_id(notice_ids: Sequence[UUID]) -> UUID:
    """The id of the message for some notices: that of the notice itself when it is the only one."""
    if len(notice_ids) == 1:
        return notice_ids[0]
    return uuid5(NAMESPACE, _SEPARATOR.join(sorted(str(each) for each in notice_ids)))


_SEPARATOR: Final = "+"
