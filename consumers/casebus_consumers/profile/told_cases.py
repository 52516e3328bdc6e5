"""What a party was sent, as it may be shown to them now. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from casebus_schemas import Announcement, SentNotification


class ToldCase(NamedTuple):
    """A case in a notification. ``key`` is ``<agency>/<case id>``, None when the case is not shown (any more)."""

    announced_as: Announcement
    key: str | None


def told_cases(notification: SentNotification, shown: Collection[str]) -> list[ToldCase]:
    """The cases of a notification; ``shown`` are the keys of those in the overview, as it may be shown."""
    keys = [(case.announced_as, f"{case.agency}/{case.case_id}") for case in notification.cases]
    return [ToldCase(announced_as, key if key in shown else None) for announced_as, key in keys]
