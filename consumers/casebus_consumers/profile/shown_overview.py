"""An overview as it is shown to somebody now: what they may see, in the language they ask for. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import orjson

from casebus_consumers.profile.entity_tag import entity_tag
from casebus_consumers.profile.language import in_language
from casebus_consumers.profile.overview_store import StoredOverview
from casebus_consumers.profile.visibility import visible
from casebus_schemas import Language


class ShownOverview(NamedTuple):
    """The document and the tag that names exactly this form of it. ``is_complete``: nothing was hidden."""

    tag: str
    body: bytes
    is_complete: bool

    @property
    def cases(self) -> dict[str, dict[str, Any]]:
        """The cases by ``<agency>/<case id>``, sorted by that key."""
        cases: dict[str, dict[str, Any]] = orjson.loads(self.body)["cases"]
        return dict(sorted(cases.items()))


def shown_overview(
    stored: StoredOverview, *, now: datetime, high_assurance: bool, language: Language | None = None
) -> ShownOverview:
    """What of ``stored`` may be seen ``now``; the stored bytes themselves where nothing is hidden or translated."""
    view = visible(stored.value, now=now, high_assurance=high_assurance)
    filtered = view.body if view.is_filtered else None
    tag = entity_tag(stored.epoch, stored.version, filtered_body=filtered, language=language)
    body = view.body if language is None else in_language(view.body, language)
    return ShownOverview(tag, body, not view.is_filtered)


def empty_overview(party_ref: str) -> StoredOverview:
    """What stands for a party of whom nothing is known: before any version, and never updated."""
    return StoredOverview(0, 0, b'{"party_ref":"%b","epoch":0,"version":0,"cases":{}}' % party_ref.encode())
