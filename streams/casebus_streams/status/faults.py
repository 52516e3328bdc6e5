"""What in a snapshot an operator should look at. Pure. Hints for whoever looks; alerts are Prometheus' work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from casebus_schemas import SourceFreshness, SourceState
from casebus_streams.status.board import Letters
from casebus_streams.status.duration import duration
from casebus_streams.status.lines import STAGES, ReaderLine, TopicLine

_LATE_SECONDS: Final = 60.0
_RECENT_SECONDS: Final = 3600.0


def faults_of_topics(topics: tuple[TopicLine, ...]) -> Iterator[str]:
    """Partitions that nobody can write to, or that one more lost broker would lose."""
    if not topics:
        yield "there are no topics under this prefix"
    for topic in topics:
        if topic.leaderless:
            yield f"{topic.name}: {topic.leaderless} partitions have no leader"
        if topic.under_replicated:
            yield f"{topic.name}: {topic.under_replicated} partitions lack a replica"


def faults_of_readers(readers: tuple[ReaderLine, ...]) -> Iterator[str]:
    """Stages without a worker, and whoever is late."""
    for reader in readers:
        if reader.name in STAGES and reader.partitions and not reader.members:
            yield f"{reader.name}: no worker runs"
        if (reader.oldest_unread_seconds or 0) > _LATE_SECONDS:
            yield f"{reader.name}: {duration(reader.oldest_unread_seconds or 0)} behind"


def faults_of_news(letters: Letters | None, sources: dict[str, SourceFreshness] | None, now: float) -> Iterator[str]:
    """Dead letters of the last hour, and agencies that are quiet for longer than usual."""
    if letters is not None and letters.latest_at is not None and now - letters.latest_at < _RECENT_SECONDS:
        yield f"dead letters: the latest is {duration(now - letters.latest_at)} old"
    if silent := [agency for agency, each in (sources or {}).items() if each.state is SourceState.SILENT]:
        yield f"silent agencies: {', '.join(silent)}"
