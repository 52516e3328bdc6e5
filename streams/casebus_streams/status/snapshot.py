"""What an operator is shown: made of two readings of the cluster, so that there are rates. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from casebus_producers.operator_reports import StatusSection
from casebus_schemas import DECLARATIONS, SourceFreshness, TopicDeclaration
from casebus_streams.status.board import Letters
from casebus_streams.status.faults import faults_of_news, faults_of_readers, faults_of_topics
from casebus_streams.status.lines import STAGES, ReaderLine, TopicLine
from casebus_streams.status.readings import ClusterReading, GroupReading, Place, unread


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The bus at ``at``. ``needs_you``: what an operator should look at, the gravest first. None: not to be seen."""

    at: float
    prefix: str
    brokers: int
    readers: tuple[ReaderLine, ...]
    topics: tuple[TopicLine, ...]
    letters: Letters | None
    sources: dict[str, SourceFreshness] | None
    sections: tuple[StatusSection, ...]
    needs_you: tuple[str, ...]
    notes: tuple[str, ...]


def snapshot(
    prefix: str,
    before: ClusterReading,
    now: ClusterReading,
    *,
    letters: Letters | None,
    sources: dict[str, SourceFreshness] | None,
    sections: tuple[StatusSection, ...] = (),
    notes: tuple[str, ...] = (),
) -> Snapshot:
    """Put together what was read. ``before`` is an earlier reading of the same cluster."""
    readers = tuple(_readers(prefix, before, now))
    topics = tuple(_topics(prefix, before, now))
    return Snapshot(
        at=now.at,
        prefix=prefix,
        brokers=now.brokers,
        readers=readers,
        topics=topics,
        letters=letters,
        sources=sources,
        sections=sections,
        needs_you=(
            *faults_of_topics(topics),
            *faults_of_readers(readers),
            *faults_of_news(letters, sources, now.at),
            *(f"{section.name}: {fault}" for section in sections for fault in section.faults),
        ),
        notes=(*now.notes, *notes),
    )


def _readers(prefix: str, before: ClusterReading, now: ClusterReading) -> Iterator[ReaderLine]:
    for stage, kind in STAGES.items():
        group = now.groups.get(f"{prefix}.{stage}", GroupReading(f"{prefix}.{stage}", "missing"))
        topics = {name for name, _ in now.ends if _kind_of(name, prefix) == kind}
        yield _reader(stage, group, now.partitions_of(topics), before, now, counts_all=True)
    ours = {f"{prefix}.{stage}" for stage in STAGES}
    for name, group in sorted(now.groups.items()):
        if name not in ours:
            places = now.partitions_of(place[0] for place in group.places)
            yield _reader(name, group, places, before, now, counts_all=False)


def _reader(
    name: str,
    group: GroupReading,
    places: frozenset[Place],
    before: ClusterReading,
    now: ClusterReading,
    *,
    counts_all: bool,
) -> ReaderLine:
    counted = places if counts_all else places & frozenset(group.committed)
    known = counts_all or bool(group.committed)
    held = {place for member in group.members for place in member.places}
    return ReaderLine(
        name=name,
        state=group.state,
        members=tuple(sorted(f"{member.client_id}@{member.host}" for member in group.members)),
        partitions_held=len(held & places),
        partitions=len(places),
        per_second=_progress(name, group, before, now),
        unread=sum(_records_unread(place, group, now) for place in counted) if known else None,
        oldest_unread_seconds=group.oldest_unread_seconds,
    )


def _records_unread(place: Place, group: GroupReading, now: ClusterReading) -> int:
    """A transaction's marker takes the last offset of most partitions and is never committed."""
    offsets = unread(place, group.committed, now.begins, now.ends)
    return offsets - 1 if _is_transactional(place[0]) and offsets else offsets


def _is_transactional(topic: str) -> bool:
    return ".submitted." not in topic


def _progress(name: str, group: GroupReading, before: ClusterReading, now: ClusterReading) -> float | None:
    earlier = before.groups.get(group.name)
    if earlier is None or not group.committed or now.at <= before.at:
        return None
    shared = group.committed.keys() & earlier.committed.keys()
    return sum(group.committed[place] - earlier.committed[place] for place in shared) / (now.at - before.at)


def _topics(prefix: str, before: ClusterReading, now: ClusterReading) -> Iterator[TopicLine]:
    places_of: dict[str, list[Place]] = {}
    for place in now.ends:
        if (kind := _kind_of(place[0], prefix)) is not None:
            places_of.setdefault(kind, []).append(place)
    seconds = max(now.at - before.at, 0.001)
    for declaration in DECLARATIONS:
        for kind in sorted(each for each in places_of if each.partition(".e")[0] == declaration.name):
            places = places_of[kind]
            yield TopicLine(
                name=kind,
                topics=len({topic for topic, _ in places}),
                partitions=len(places),
                records=sum(now.ends[place] - now.begins.get(place, 0) for place in places),
                per_second=sum(now.ends[place] - before.ends.get(place, now.ends[place]) for place in places) / seconds,
                under_replicated=sum(place in now.under_replicated for place in places),
                leaderless=sum(place in now.leaderless for place in places),
            )


def _kind_of(topic: str, prefix: str) -> str | None:
    """The declared name of a topic, with the epoch of overviews that were rebuilt; None for somebody else's."""
    name = topic.removeprefix(f"{prefix}.")
    for declaration in DECLARATIONS:
        if re.fullmatch(_pattern(declaration), name):
            return declaration.name if declaration.per_agency else name
    return None


def _pattern(declaration: TopicDeclaration) -> str:
    if declaration.per_agency:
        return rf"{declaration.name}\.OVO[0-9]{{6}}"
    return rf"{declaration.name}(\.e[0-9]+)?" if declaration.name == "overviews" else declaration.name
