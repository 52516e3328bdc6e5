"""What is known of all agencies, and what of it is still to be said on the topic ``sources``. Pure, in memory.

Each record that is written carries the agency's memory in a header, so the topic is also where a worker's state comes
back from: what ``sources`` says, and then ``activity`` from ``replay_from`` on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog

from casebus_schemas import AgencyActivity, SourceFreshness
from casebus_streams.sources.calendar import Calendar
from casebus_streams.sources.memory import AgencyMemory

MEMORY_HEADER: Final = "casebus-source-memory"
"""The header of a record of ``sources`` that holds what a worker must know to go on. Nobody else's business."""

log = structlog.get_logger(__name__)


class SavedMemory(msgspec.Struct, frozen=True):
    """The header's content. All activity before offset ``replay_from`` is in ``sources``, of whatever agency."""

    memory: AgencyMemory
    replay_from: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One record to write: the value, the header's content, and how far in ``activity`` they reach."""

    freshness: SourceFreshness
    memory: bytes
    next_offset: int


@dataclass(slots=True)
class _Source:
    memory: AgencyMemory
    said: SourceFreshness | None = None
    unsaid_since: int | None = None
    """The offset of the first report that no written record tells of."""


class Board:
    """All agencies. Times are seconds since 1970.

    What did not change its state is said at most once in ``repeat_seconds``.
    """

    def __init__(self, calendar: Calendar, *, repeat_seconds: float) -> None:
        self._calendar = calendar
        self._repeat_seconds = repeat_seconds
        self._sources: dict[str, _Source] = {}
        self.position = 0
        """The offset of ``activity`` up to which all was taken."""

    def restore(self, freshness: SourceFreshness, saved: bytes | None) -> None:
        """Remember what a record of ``sources`` says. To be called before anything is taken.

        A memory that is missing or of another form costs the agency its rhythm, which it then learns anew.
        """
        try:
            known = msgspec.json.decode(saved or b"", type=SavedMemory)
        except msgspec.DecodeError:
            log.warning("source_memory_unreadable", agency=freshness.agency)
            known = SavedMemory(_memory_of(freshness), replay_from=0)
        self._sources[freshness.agency] = _Source(known.memory, freshness)
        self.position = max(self.position, known.replay_from)

    def begin_anew(self) -> None:
        """The topic ``activity`` was made again: its offsets begin at 0, and what is known stays known."""
        self.position = 0
        for source in self._sources.values():
            source.memory.next_offset = 0

    def take(self, report: AgencyActivity, offset: int) -> None:
        """Learn from the report at ``offset`` of ``activity``. One that was taken before changes nothing."""
        source = self._sources.setdefault(report.agency, _Source(AgencyMemory(report.agency)))
        if offset >= source.memory.next_offset:
            source.memory.take(report, offset, self._calendar)
            if source.unsaid_since is None:
                source.unsaid_since = offset
        self.position = max(self.position, offset + 1)

    def freshness(self, now: float) -> Iterator[SourceFreshness]:
        """Every agency as it is at ``now``."""
        return (source.memory.freshness(now, self._calendar) for source in self._sources.values())

    def due(self, now: float) -> list[Statement]:
        """What has to be written at ``now``. Stays due until it is ``said``."""
        replay_from = min(
            (source.unsaid_since for source in self._sources.values() if source.unsaid_since is not None),
            default=self.position,
        )
        return [
            Statement(
                freshness, msgspec.json.encode(SavedMemory(source.memory, replay_from)), source.memory.next_offset
            )
            for source in self._sources.values()
            if self._is_due(source, freshness := source.memory.freshness(now, self._calendar))
        ]

    def said(self, statement: Statement) -> None:
        """It is written."""
        source = self._sources[statement.freshness.agency]
        source.said = statement.freshness
        went_on = source.memory.next_offset > statement.next_offset
        source.unsaid_since = statement.next_offset if went_on else None

    def _is_due(self, source: _Source, freshness: SourceFreshness) -> bool:
        said = source.said
        if said is None or freshness.state is not said.state:
            return True
        if source.unsaid_since is None and freshness.model_copy(update={"updated_at": said.updated_at}) == said:
            return False
        return abs((freshness.updated_at - said.updated_at).total_seconds()) >= self._repeat_seconds


def _memory_of(freshness: SourceFreshness) -> AgencyMemory:
    """What the record alone tells."""
    if freshness.last_event_at is None:
        return AgencyMemory(freshness.agency)
    last_ms = round(freshness.last_event_at.timestamp() * 1000)
    return AgencyMemory(freshness.agency, first_event_ms=last_ms, last_event_ms=last_ms)
