"""A record of the accepted log in a transaction that is not decided yet, as intake's is when it is killed."""

from __future__ import annotations

import json
from contextlib import closing
from threading import Lock

from confluent_kafka import Producer
from tests.bus import Bus

from casebus_schemas import partition_of


class OpenTransaction:
    """Has the log's first record once more, with ``changes``. May be committed from any thread, and again."""

    def __init__(self, bus: Bus, changes: dict[str, object], *, partitions: int = 4) -> None:
        with closing(bus.reader(bus.topics.accepted)) as reader:
            [first, *_] = reader.read_until(lambda read: bool(read))
        event = json.loads(first.value() or b"") | changes
        names = ("party_ref", "agency", "case_id", "sequence", "event_id", "digest")
        self.key = "/".join(str(event[name]) for name in names)
        self._topic, self._partition = bus.topics.accepted, partition_of(event["party_ref"], partitions)
        self._value = json.dumps(event)
        self._producer = Producer(bus.kafka.client_config(transactional_id=f"{bus.topics.prefix}.dying"))
        self._producer.init_transactions(30)
        self._is_open, self._lock = False, Lock()

    def begin(self) -> None:
        self._producer.begin_transaction()
        self._producer.produce(self._topic, self._value, self.key, self._partition)
        assert self._producer.flush(30) == 0
        self._is_open = True

    def commit(self) -> None:
        with self._lock:
            if self._is_open:
                self._producer.commit_transaction(30)
                self._is_open = False
