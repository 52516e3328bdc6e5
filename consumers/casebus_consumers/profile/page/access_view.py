"""The access log as the page shows it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from casebus_consumers.profile.access_log import AccessEntry
from casebus_consumers.profile.identity import UNKNOWN_CLIENT
from casebus_consumers.profile.login.sessions import PAGE_CLIENT
from casebus_consumers.profile.page.words import Words


@dataclass(frozen=True, slots=True)
class AccessRow:
    """One access, in words."""

    when: str
    machine_time: str
    what: str
    who: str


@dataclass(frozen=True, slots=True)
class AccessView:
    """Rows, the newest first; ``older`` is the cursor of the next ones, None at the end."""

    rows: tuple[AccessRow, ...]
    older: str | None


def access_view(entries: Sequence[AccessEntry], older: str | None, words: Words) -> AccessView:
    """The entries, newest first, as they were read."""
    rows = tuple(
        AccessRow(
            when=words.date_and_time(datetime.fromisoformat(entry.at)),
            machine_time=entry.at,
            what=words.action(entry.action),
            who=_who(entry.client, words),
        )
        for entry in entries
    )
    return AccessView(rows, older)


def _who(client: str, words: Words) -> str:
    if client == PAGE_CLIENT:
        return words("access.page")
    return words("access.unknown") if client == UNKNOWN_CLIENT else client
