"""A snapshot for programs: one document whose names stay."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from casebus_streams.status.snapshot import Snapshot


def as_json(shown: Snapshot) -> dict[str, Any]:
    """All that is shown, and more: who the members are, and each agency. Times in UTC; ``null``: not to be seen."""
    letters, sources = shown.letters, shown.sources
    return {
        "at": datetime.fromtimestamp(shown.at, UTC),
        "prefix": shown.prefix,
        "brokers": shown.brokers,
        "needs_you": shown.needs_you,
        "readers": [asdict(reader) for reader in shown.readers],
        "topics": [asdict(topic) for topic in shown.topics],
        "dead_letters": None if letters is None else asdict(letters),
        "agencies": None if sources is None else [each.model_dump(mode="json") for each in sources.values()],
        "services": {section.name: section.facts for section in shown.sections},
        "not_seen": shown.notes,
    }
