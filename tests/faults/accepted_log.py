"""The accepted log as it came to be, folded by the reference: where its order decides what must come of it."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import Any

from confluent_kafka import TopicPartition
from tests import reference_fold
from tests.faults.checker import BusReader, committed_reader


class AcceptedLog:
    """Follows the log, control records included, and what overviews and changes must come of it."""

    def __init__(self, bootstrap_servers: str, topic: str, partitions: int) -> None:
        self._folds: dict[int, reference_fold.Fold] = defaultdict(lambda: reference_fold.Fold(reads_log=True))
        self.controls: Counter[str] = Counter()
        self._consumer = committed_reader(bootstrap_servers)
        self._consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])

    def read_on(self, seconds: float = 0.2) -> None:
        """Take in all that has come, until for ``seconds`` nothing more does."""
        while messages := self._consumer.consume(10_000, seconds):
            for message in messages:
                if message.error() is None and (value := message.value()) is not None:
                    record = json.loads(value)
                    self.controls[record.get("control", "event")] += 1
                    self._folds[message.partition() or 0].apply(record)

    def agrees_with(self, reader: BusReader) -> bool:
        """Whether what the bus has written is what the log says."""
        return not self.disagreements(reader)

    def disagreements(self, reader: BusReader) -> list[str]:
        """What is lost, doubled or different."""
        told = Counter(change_id for fold in self._folds.values() for change_id in fold.told)
        expected = {ref: uncounted(view) for fold in self._folds.values() for ref, view in fold.overviews.items()}
        found = {ref: uncounted(json.loads(view)) for ref, view in reader.overviews.items() if view}
        return [
            *(f"lost change {change_id}" for change_id in told - reader.changes),
            *(f"change too many {change_id}" for change_id in reader.changes - told),
            *(f"overview {ref}" for ref in expected.keys() | found.keys() if expected.get(ref) != found.get(ref)),
        ]

    def close(self) -> None:
        self._consumer.close()


def uncounted(overview: dict[str, Any]) -> dict[str, Any]:
    """Without what tells when a worker heard what day it is, and which copy of the view this is."""
    return {name: value for name, value in overview.items() if name not in ("version", "epoch")}
