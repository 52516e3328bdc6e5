"""The switch: workers leave, the new overviews are brought to where they stopped, compared, and made live."""

from __future__ import annotations

import time

import structlog

from casebus_producers.epochs import EpochReader
from casebus_schemas import EpochState
from casebus_streams.errors import StopError
from casebus_streams.overviews.restore import CacheRestorer
from casebus_streams.rebuild.cluster import Cluster
from casebus_streams.rebuild.refolding import Refolding
from casebus_streams.rebuild.report import RebuildReport
from casebus_streams.rebuild.scope import Scope
from casebus_streams.rebuild.writer import RebuildWriter
from casebus_streams.refold.log_reader import Beat, committed_by

_LOOK_AGAIN_SECONDS = 0.2

log = structlog.get_logger(__name__)


class Switch:
    """One attempt. ``beat`` is called now and then."""

    def __init__(
        self,
        scope: Scope,
        writer: RebuildWriter,
        cluster: Cluster,
        epochs: EpochReader,
        *,
        patience_seconds: float,
        beat: Beat,
    ) -> None:
        self._scope = scope
        self._writer = writer
        self._cluster = cluster
        self._epochs = epochs
        self._patience_seconds = patience_seconds
        self._beat = beat

    def make(self, refolding: Refolding, report: RebuildReport, *, accept_differences: bool) -> None:
        """Announce → wait until all workers have left → fold to where they stopped → compare → make live.

        Blocks. On any failure, and when there are differences that were not accepted, the old epoch is live as
        before. Raises ``StopError``.
        """
        started = time.monotonic()
        self._writer.announce(EpochState.SWITCHING)
        try:
            self._wait_until_left()
            # Nobody is left who could commit, and what was under way is decided: this is where workers go on.
            cut = self._committed()
            self._fold_and_compare(cut, refolding, report)
            if report.different and self._committed() != cut:
                # Held up for longer than the lease: what was compared is not the overviews as of the cut.
                raise StopError("workers went on before the comparison was done; resume the rebuild to try again")
            if report.different and not accept_differences:
                return
            report.switched = self._writer.make_live(cut, self._epochs)
            if not report.switched:
                raise StopError("workers came back before the switch was made; resume the rebuild to try again")
        finally:
            if not report.switched:
                self._go_back()
            report.pause_seconds = time.monotonic() - started

    def beat(self) -> None:
        """To be called now and then while the switch lasts."""
        self._writer.renew()
        self._beat()

    def _wait_until_left(self) -> None:
        deadline = time.monotonic() + self._patience_seconds
        while (members := self._cluster.members(self._scope.workers_group)) != 0:
            if time.monotonic() > deadline:
                raise StopError(
                    f"{max(members, 0)} members of {self._scope.workers_group} have not left within "
                    f"{self._patience_seconds:g} s; nothing was switched"
                )
            self.beat()
            time.sleep(_LOOK_AGAIN_SECONDS)

    def _committed(self) -> dict[int, int]:
        scope = self._scope
        return committed_by(scope.kafka, scope.workers_group, scope.accepted, scope.partitions)

    def _fold_and_compare(self, cut: dict[int, int], refolding: Refolding, report: RebuildReport) -> None:
        live = CacheRestorer(self._scope.kafka, self._scope.old.overviews, beat=self.beat)
        for partition, end in cut.items():
            new = refolding.fold(partition, end)
            old = live.restore([partition])[partition]
            report.compare(
                old,
                new,
                old_epoch=self._scope.old.epoch,
                new_epoch=self._scope.new.epoch,
                is_thinned=refolding.is_thinned,
            )
            self.beat()

    def _go_back(self) -> None:
        """Let the workers go on where they were, if it is still for this rebuild to say."""
        try:
            if self._epochs.read().epoch == self._scope.old.epoch:
                self._writer.announce(EpochState.LIVE)
        except StopError as error:
            # Another rebuild has taken over, or Kafka is away: workers go on by themselves when nobody renews.
            log.warning("switch_not_taken_back", reason=str(error))
