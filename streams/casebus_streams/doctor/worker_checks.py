"""Who runs: each stage has a worker, and none is far behind."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from casebus_producers.operator_reports import Finding, Verdict
from casebus_producers.settings import KafkaSettings
from casebus_streams.status.cluster_reader import ClusterReader
from casebus_streams.status.duration import duration
from casebus_streams.status.lines import STAGES, ReaderLine
from casebus_streams.status.snapshot import snapshot

AREA: Final = "workers"

_LATE_SECONDS = 60.0
_PACE_SECONDS = 1.0
"""Between two looks at the groups: how far they come in it is their pace."""


def worker_findings(kafka: KafkaSettings) -> Iterator[Finding]:
    """The consumer groups of the stages. Blocks for a moment, so that their pace shows."""
    reader = ClusterReader(kafka)
    before = reader.read()
    time.sleep(_PACE_SECONDS)
    shown = snapshot(kafka.topic_prefix, before, reader.read(), letters=None, sources=None)
    for line in shown.readers:
        if line.name in STAGES:
            yield _finding(line)
    for note in shown.notes:
        yield Finding(AREA, "groups", Verdict.UNKNOWN, note, "ask with the right to describe them")


def _finding(line: ReaderLine) -> Finding:
    command = "casebus run sources" if line.name == "sources" else f"casebus run streams --stages {line.name}"
    if not line.members:
        return Finding(AREA, line.name, Verdict.PROBLEM, "no worker runs", f"start one: {command}")
    if (line.oldest_unread_seconds or 0) > _LATE_SECONDS:
        pace = f"{line.per_second:,.0f} a second" if line.per_second else "standing still"
        return Finding(
            AREA,
            line.name,
            Verdict.WARNING,
            f"{duration(line.oldest_unread_seconds or 0)} behind, {pace}",
            "wait if it falls; else look at its log and start more workers",
        )
    spare = len(line.members) - line.partitions
    told = f"{len(line.members)} workers, {line.partitions_held} of {line.partitions} partitions held"
    return Finding(AREA, line.name, Verdict.WELL, f"{told}{f', {spare} spare' if spare > 0 else ''}")
