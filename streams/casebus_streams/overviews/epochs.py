"""A worker's part in a switch of the overviews: it leaves while one is made, and begins anew on what is live then.

What keeps a switch safe is the look at *every* assignment: a worker that joins the group after the epochs topic said
``switching`` sees it before it reads a record. To notice a switch in between only makes it fast.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

import structlog
from confluent_kafka import KafkaException

from casebus_producers.epochs import EpochReader
from casebus_producers.settings import KafkaSettings
from casebus_schemas import OverviewsEpoch
from casebus_streams.errors import EpochSwitchError, StopError
from casebus_streams.overviews.restore import Cache, CacheRestorer

_LOOK_AGAIN_SECONDS = 0.2

log = structlog.get_logger(__name__)


class LiveRestorer(CacheRestorer):
    """Restores the overviews of ``live``, if that is still what is live at the moment of the assignment."""

    def __init__(
        self, kafka: KafkaSettings, live: OverviewsEpoch, epochs: EpochReader, *, beat: Callable[[], None]
    ) -> None:
        super().__init__(kafka, live.topic, beat=beat)
        self._live = live
        self._epochs = epochs

    def restore(self, partitions: Iterable[int]) -> dict[int, Cache]:
        """As ``CacheRestorer.restore``. Raises ``EpochSwitchError`` when a switch is under way or has been made."""
        if _read(self._epochs).topic != self._live.topic or self._epochs.is_switching():
            raise EpochSwitchError("the overviews are being switched")
        return super().restore(partitions)


class LeaveSignal:
    """Set when the worker must end, or must leave its group for a switch."""

    def __init__(self, must_end: threading.Event, epochs: EpochReader) -> None:
        self._must_end = must_end
        self._epochs = epochs

    def is_set(self) -> bool:
        """Whether it is time. Does not block."""
        return self._must_end.is_set() or self._epochs.is_switching()


def wait_until_live(epochs: EpochReader, must_end: threading.Event) -> OverviewsEpoch | None:
    """The live epoch, once no switch is under way; ``None`` when the worker must end. Blocks."""
    live = _read(epochs)
    if epochs.is_switching():
        log.info("waiting_for_switch", epoch=live.epoch)
    while epochs.is_switching():
        if must_end.wait(_LOOK_AGAIN_SECONDS):
            break
    return None if must_end.is_set() else epochs.latest()


def _read(epochs: EpochReader) -> OverviewsEpoch:
    try:
        return epochs.read()
    except KafkaException as error:
        raise StopError(f"cannot read which overviews are live: {error.args[0].name()}") from error
