"""``casebus rebuild``: begin or resume, give up, and remove what is no longer live."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack

import structlog

from casebus_producers.epochs import EpochReader
from casebus_schemas import EpochState, Topics
from casebus_streams.errors import StopError
from casebus_streams.rebuild.cluster import Cluster
from casebus_streams.rebuild.refolding import Refolding
from casebus_streams.rebuild.report import RebuildReport
from casebus_streams.rebuild.scope import Scope
from casebus_streams.rebuild.switch import Switch
from casebus_streams.rebuild.writer import RebuildWriter
from casebus_streams.refold.log_reader import committed_by, partition_count
from casebus_streams.settings import StreamsSettings

Progress = Callable[[str, int, int], None]
"""Called with the step, how much of it is done, and how much there is."""

_NEARLY_CAUGHT_UP_RECORDS = 20_000  # folded within a second: not worth another pass while workers go on
_MOST_PASSES = 5

log = structlog.get_logger(__name__)


class Rebuild:
    """The rebuild that follows the live epoch. Made for one command; ``close`` it. Every call blocks."""

    def __init__(self, settings: StreamsSettings) -> None:
        self._settings = settings
        kafka = settings.kafka
        self._cluster = Cluster(kafka)
        self._topics = self._cluster.topics()
        names = Topics(kafka.topic_prefix)
        if names.epochs not in self._topics:
            raise StopError(f"topic {names.epochs} is missing: casebus topics apply makes it")
        self._epochs = EpochReader(kafka)
        self._live = self._epochs.read()
        self._scope = Scope.after(
            self._live.epoch,
            kafka,
            partitions=partition_count(kafka, names.accepted),
            batch_records=settings.streams.batch_max_records,
        )

    def run(
        self, *, resume: bool, accept_differences: bool, patience_seconds: float, progress: Progress
    ) -> RebuildReport:
        """Prepare → catch up while workers go on → switch.

        Resumes where a rebuild that was stopped or killed has come to; one that still runs is fenced. Raises
        ``StopError``, after which the old epoch is live as before.
        """
        started, scope = time.monotonic(), self._scope
        report = RebuildReport(scope.old.overviews, scope.new.overviews)
        self._prepare(resume=resume)
        with ExitStack() as stack:
            writer = RebuildWriter(scope, self._settings.streams)
            stack.callback(writer.close)
            ends = self._committed_by_workers()
            refolding = Refolding(scope, writer, beat=lambda: progress("folded events", refolding.events, total))
            total = refolding.remaining(ends)
            self._catch_up(refolding, ends)
            switch = Switch(
                scope,
                writer,
                self._cluster,
                self._epochs,
                patience_seconds=patience_seconds,
                beat=lambda: progress("compared overviews", report.new_parties, report.new_parties),
            )
            refolding.beat = switch.beat
            switch.make(refolding, report, accept_differences=accept_differences)
            report.events, report.skipped = refolding.events, refolding.skipped
        if report.switched:
            self._cluster.forget_group(scope.own_group)
        report.seconds = time.monotonic() - started
        log.info("overviews_rebuilt", topic=report.new_topic, switched=report.switched, events=report.events)
        return report

    def abort(self) -> str:
        """Give up the rebuild that was begun: the old epoch stays live, the new topic goes. Its name."""
        name = self._scope.new.overviews
        if name not in self._topics and self._live.state is EpochState.LIVE:
            raise StopError("there is no rebuild to abort")
        writer = RebuildWriter(self._scope, self._settings.streams)
        try:
            if self._epochs.read().epoch != self._scope.old.epoch:
                raise StopError(f"{name} is live already")
            writer.announce(EpochState.LIVE)
        finally:
            writer.close()
        self._cluster.delete_topic(name)
        self._cluster.forget_group(self._scope.own_group)
        return name

    def remove_old(self) -> list[str]:
        """Delete the overviews topics of earlier epochs, which nobody writes any more. Their names."""
        if self._live.state is not EpochState.LIVE:
            raise StopError("a switch is under way")
        earlier = [Topics(self._scope.old.prefix, epoch).overviews for epoch in range(1, self._live.epoch)]
        removed = [name for name in earlier if name in self._topics]
        for name in removed:
            self._cluster.delete_topic(name)
        return removed

    def close(self) -> None:
        """Free the connections."""
        self._epochs.close()

    def _prepare(self, *, resume: bool) -> None:
        name = self._scope.new.overviews
        is_begun = name in self._topics
        if resume and not is_begun:
            raise StopError(f"there is no rebuild to resume; {self._live.topic} is live")
        if is_begun and not resume:
            raise StopError(f"a rebuild into {name} was begun: --resume goes on with it, --abort gives it up")
        if not resume:
            self._cluster.forget_group(self._scope.own_group)
            self._cluster.create_overviews(name, self._scope.partitions)

    def _catch_up(self, refolding: Refolding, ends: dict[int, int]) -> None:
        """Fold to where the workers are, again and again while they get far ahead in the meantime."""
        for _ in range(_MOST_PASSES):
            for partition, end in ends.items():
                if refolding.is_behind(partition, end):
                    refolding.fold(partition, end)
            ends = self._committed_by_workers()
            if refolding.remaining(ends) <= _NEARLY_CAUGHT_UP_RECORDS:
                return

    def _committed_by_workers(self) -> dict[int, int]:
        scope = self._scope
        return committed_by(scope.kafka, scope.workers_group, scope.accepted, scope.partitions)
