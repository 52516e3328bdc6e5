"""Events that keep flowing while an operator works: simulated, published by a thread, with what must come of them."""

from __future__ import annotations

import json
import threading
from types import TracebackType
from typing import Any, Self

from confluent_kafka import Message
from tests import reference_fold
from tests.bus import Bus

from casebus_local.simulator import Simulation, Submission, What


class Load:
    """Publishes ``first`` submissions at once and the others slowly, until they are all out or the test ends.

    As a context manager; ``finish`` publishes what is left without waiting.
    """

    def __init__(self, bus: Bus, *, events: int, first: int, seed: int, per_second: int = 400) -> None:
        self._bus = bus
        simulation = Simulation(events=events, seed=seed)
        self.submissions = list(simulation.submissions())
        bus.make_topics(simulation.agencies)
        self._left = self.submissions[first:]
        self._per_second = per_second
        self._hurry, self._stop = threading.Event(), threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        publish(bus, self.submissions[:first])

    @property
    def reference(self) -> reference_fold.Fold:
        """What all submissions must come to."""
        return reference_of(self.submissions, self._bus.pepper)

    def finish(self) -> None:
        """Until all submissions are published."""
        self._hurry.set()
        self._thread.join(60)
        assert not self._thread.is_alive()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        step = max(1, self._per_second // 20)
        try:
            while self._left and not self._stop.is_set():
                size = len(self._left) if self._hurry.wait(1 / 20) else step
                publish(self._bus, self._left[:size])
                self._left = self._left[size:]
        except BaseException as failure:
            self._failure = failure

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(60)


def publish(bus: Bus, submissions: list[Submission]) -> None:
    with bus.producer() as producer:
        for submission in submissions:
            producer.produce(bus.topics.submitted(submission.agency), submission.value, submission.key)
            producer.poll(0)


def reference_of(submissions: list[Submission], pepper: bytes) -> reference_fold.Fold:
    fold = reference_fold.Fold()
    for submission in submissions:
        if submission.what is not What.INVALID and submission.value is not None:
            fold.apply_all(reference_fold.accept(json.loads(submission.value), pepper))
    return fold


def without_epoch(overview: bytes) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(overview)
    parsed.pop("epoch")
    return parsed


class Reached:
    """Whether each party has come to its version; looks at each record once."""

    def __init__(self, wanted: dict[str, int]) -> None:
        self._missing = dict(wanted)
        self._seen = 0

    def __call__(self, read: list[Message]) -> bool:
        for message in read[self._seen :]:
            overview = json.loads(message.value() or b"{}")
            if self._missing.get(overview["party_ref"]) == overview["version"]:
                del self._missing[overview["party_ref"]]
        self._seen = len(read)
        return not self._missing
