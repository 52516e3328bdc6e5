"""Reads again and again what a snapshot is made of; the shell around ``snapshot``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from casebus_producers.operator_reports import StatusSection, StatusSections, contributed
from casebus_producers.settings import KafkaSettings
from casebus_streams.status.board import Board
from casebus_streams.status.cluster_reader import ClusterReader
from casebus_streams.status.snapshot import Snapshot, snapshot

_SAMPLE_SECONDS = 1.0


class Observer:
    """One bus, seen with these credentials, and the databases that ``dsn_files`` name. Close it, or use it in ``with``.

    Raises ``KafkaException`` whenever Kafka does not answer.
    """

    def __init__(self, kafka: KafkaSettings, dsn_files: Sequence[Path]) -> None:
        self._prefix = kafka.topic_prefix
        self._dsn_files = dsn_files
        self._cluster = ClusterReader(kafka)
        self._before = self._cluster.read()
        self._board = Board(kafka)

    def look(self) -> Snapshot:
        """The bus now; rates are since the last look, or over a second. Blocks for that long."""
        wait = self._before.at + _SAMPLE_SECONDS - time.time()
        if 0 < wait <= _SAMPLE_SECONDS:
            time.sleep(wait)
        now = self._cluster.read()
        self._board.follow()
        shown = snapshot(
            self._prefix,
            self._before,
            now,
            letters=self._board.letters,
            sources=self._board.sources,
            sections=tuple(self._sections()),
            notes=tuple(f"{topic} ({why})" for topic, why in self._board.notes.items()),
        )
        self._before = now
        return shown

    def close(self) -> None:
        """Free the connections. Blocks for a moment."""
        self._board.close()

    def _sections(self) -> list[StatusSection]:
        functions = (cast("StatusSections", each) for each in contributed("status_sections"))
        return [section for function in functions for section in function(self._dsn_files)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
