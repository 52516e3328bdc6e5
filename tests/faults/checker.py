"""Whether a bus made of a workload what it must. Imports nothing of the product: topics in, verdict out."""

from __future__ import annotations

import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition
from tests import reference_fold, reference_intake
from tests.faults.ledger import Sent

POISON = b"no accepted event"
"""What tests put into the accepted log to harm its readers."""

_STALL_SECONDS = 60
_VERSION = re.compile(rb'\{"party_ref":"[^"]*","epoch":[0-9]+,"version":([0-9]+)')


_WRITTEN_BY_STAGES = frozenset(("accepted", "rejected", "overviews", "changes", "dead-letters"))


def committed_reader(bootstrap_servers: str) -> Consumer:
    """Reads committed records of the partitions it is given, from their beginning; commits nothing."""
    return Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": "fault-checker",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 100,
        }
    )


class BusReader:
    """Follows the topics that a bus writes, committed records only, and keeps what the checks need.

    ``partitions`` says how many each topic has: a cluster's own metadata can lag behind what was just made.
    """

    def __init__(self, bootstrap_servers: str, prefix: str, partitions: Mapping[str, int]) -> None:
        self._prefix = prefix
        self.accepted: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.warned: Counter[str] = Counter()
        self.changes: Counter[str] = Counter()
        self.change_order: dict[str, list[int]] = defaultdict(list)
        self.overviews: dict[str, bytes] = {}
        self.versions = 0
        """The versions of all overviews together: how many changes are in them."""
        self.dead_letters: list[dict[str, Any]] = []
        self._consumer = committed_reader(bootstrap_servers)
        self._consumer.assign(
            [
                TopicPartition(topic, number, 0)
                for topic, count in partitions.items()
                if topic.removeprefix(f"{prefix}.").partition(".")[0] in _WRITTEN_BY_STAGES
                for number in range(count)
            ]
        )

    def read_until(self, condition: Callable[[], bool], *, alive: Callable[[], None]) -> None:
        """Follow until ``condition``. Raises ``AssertionError`` when nothing at all comes for a minute (liveness)."""
        last = time.monotonic()
        while not condition():
            alive()
            messages = self._consumer.consume(5_000, 0.2)
            if messages:
                last = time.monotonic()
                self._take(messages)
            assert time.monotonic() - last < _STALL_SECONDS, f"liveness: no progress for {_STALL_SECONDS} s: {self}"

    def read_more(self, seconds: float) -> None:
        """Follow until for ``seconds`` nothing more has come: what must not come would come now."""
        last = time.monotonic()
        while time.monotonic() - last < seconds:
            if messages := self._consumer.consume(5_000, 0.2):
                self._take(messages)
                last = time.monotonic()

    def close(self) -> None:
        self._consumer.close()

    def __str__(self) -> str:
        return (
            f"{sum(self.accepted.values())} accepted, {sum(self.rejected.values())} rejected, "
            f"{sum(self.warned.values())} warned, "
            f"{sum(self.changes.values())} changes, {len(self.overviews)} overviews, {len(self.dead_letters)} dead"
        )

    def _take(self, messages: Iterable[Message]) -> None:
        for message in messages:
            if (error := message.error()) is not None:
                if error.fatal():
                    raise KafkaException(error)
                continue  # brokers come and go in these tests
            self._note((message.topic() or "").removeprefix(f"{self._prefix}."), message)

    def _note(self, topic: str, message: Message) -> None:
        value = message.value() or b""
        if topic == "overviews":
            party = (message.key() or b"").decode()
            self.versions += version_of(value) - version_of(self.overviews.get(party, b""))
            self.overviews[party] = value
        elif topic == "accepted":
            if value != POISON:
                self.accepted[(message.key() or b"").decode()] += 1
        elif topic == "changes":
            change = json.loads(value)
            self.changes[change["change_id"]] += 1
            self.change_order[change["party_ref"]].append(change["version"])
        elif topic == "dead-letters":
            self.dead_letters.append(json.loads(value))
        else:
            self._note_word_back(json.loads(value))

    def _note_word_back(self, word: dict[str, Any]) -> None:
        """What an agency is told of one of its events. Remarks about accepted records, on conflicts, are left out."""
        position = json.dumps(word["position"], sort_keys=True)
        if word["verdict"] == "rejected":
            self.rejected[position] += 1
        elif ".submitted." in word["position"]["topic"]:
            self.warned[position] += 1


class Expectation:
    """The reference's answer to what was acknowledged, whatever happened in between."""

    def __init__(self, sent: Iterable[Sent], pepper: bytes) -> None:
        self.accepted: Counter[str] = Counter()
        self.rejected = 0
        self.warned = 0
        self._fold = reference_fold.Fold()
        for event in sent:
            if not event.is_valid:
                self.rejected += 1
                continue
            said = json.loads(event.value or b"")
            self.warned += reference_intake.is_warned_of(said)
            for record in reference_fold.accept(said, pepper):
                self.accepted[reference_fold.key_of(record)] += 1
                self._fold.apply(record)

    def is_reached(self, reader: BusReader) -> bool:
        """Whether as much has come as must come; ``check`` says whether it is right."""
        return (
            sum(reader.accepted.values()) >= sum(self.accepted.values())
            and sum(reader.rejected.values()) >= self.rejected
            and sum(reader.warned.values()) >= self.warned
            and len(reader.changes) >= len(self._fold.changes)
            and reader.versions >= len(self._fold.changes)
        )

    def check(self, reader: BusReader) -> None:
        """Raises ``AssertionError`` with what is lost, doubled or different."""
        _compare("accepted records", Counter(reader.accepted), self.accepted)
        for what, told, events in (
            ("rejected", reader.rejected, self.rejected),
            ("warned", reader.warned, self.warned),
        ):
            assert max(told.values(), default=1) == 1, f"{what}: a position twice"
            assert len(told) == events, f"{what}: {len(told)}, not {events}"
        _compare("changes", reader.changes, Counter(dict.fromkeys(self._fold.changes, 1)))
        for versions in reader.change_order.values():
            assert versions == list(range(1, len(versions) + 1)), f"changes: versions come as {versions}"
        found = {party: without_epoch(value) for party, value in reader.overviews.items()}
        expected = {party: as_bytes(overview) for party, overview in self._fold.overviews.items()}
        differing = [party for party in expected.keys() | found.keys() if expected.get(party) != found.get(party)]
        assert not differing, f"overviews: {len(differing)} differ from the reference fold, one is {differing[0]}"


def version_of(overview: bytes) -> int:
    """Where it stands, without a look at the rest: every overview that ever was is asked. 0 for a tombstone."""
    if not overview:
        return 0
    version = _VERSION.match(overview)
    assert version is not None, "an overview does not begin as the contract says"
    return int(version[1])


def without_epoch(overview: bytes) -> bytes:
    """The overview's own bytes, but for the epoch, which says which copy of the view this is."""
    epoch = json.loads(overview)["epoch"]
    return overview.replace(f',"epoch":{epoch}'.encode(), b"", 1)


def as_bytes(overview: dict[str, Any]) -> bytes:
    return reference_fold.compact(overview).encode()


def _compare(what: str, found: Counter[str], expected: Counter[str]) -> None:
    lost, doubled = expected - found, found - expected
    assert not lost, f"{what}: {sum(lost.values())} lost, one is {next(iter(lost))}"
    assert not doubled, f"{what}: {sum(doubled.values())} too many, one is {next(iter(doubled))}"
