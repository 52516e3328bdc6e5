"""The agent's and the timer's work, with a Kafka that fails as told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta

import pytest
from faust.exceptions import ProducerSendError
from prometheus_client import CollectorRegistry
from tests.sources.simulated_agency import BRUSSELS, report

from casebus_schemas import DeadLetter, SourceFreshness, SourceState, Topics, decode, encode
from casebus_streams.records import InRecord
from casebus_streams.sources import watch as module
from casebus_streams.sources.board import MEMORY_HEADER, Board
from casebus_streams.sources.calendar import Calendar
from casebus_streams.sources.feed import CaughtUp, Closed, Opened
from casebus_streams.sources.metrics import SourceMetrics
from casebus_streams.sources.watch import SourceWatch

TOPICS = Topics("case-status")
AGENCY = "OVO000001"
BEGIN = datetime(2026, 1, 5, 9, tzinfo=UTC)


class Bench:
    """A watch with what it wrote. ``failures`` is how many writes fail from now on."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.now = BEGIN.timestamp()
        self.failures = 0
        self.written: list[tuple[str, bytes, dict[str, bytes]]] = []
        self.watch = SourceWatch(TOPICS, self._send, SourceMetrics(self.registry), clock=lambda: self.now)

    async def _send(self, topic: str, key: bytes | None, value: bytes, headers: list[tuple[str, bytes]], /) -> None:
        if self.failures:
            self.failures -= 1
            raise ProducerSendError("told to")
        self.written.append((topic, value, dict(headers)))

    @property
    def said(self) -> list[SourceFreshness]:
        return [decode(SourceFreshness, value) for topic, value, _ in self.written if topic == TOPICS.sources]

    def metric(self, name: str) -> float | None:
        return self.registry.get_sample_value(name, {"agency": AGENCY})


def run(work: Awaitable[None]) -> None:
    async def main() -> None:
        await work

    asyncio.run(main())


def record(value: bytes | None, offset: int = 0) -> InRecord:
    return InRecord(TOPICS.activity, 0, offset, AGENCY.encode(), value, 1_000)


def seasoned_board(hours: int = 24 * 28) -> Board:
    """Of an agency that said something every hour until ``BEGIN``."""
    board = Board(Calendar(BRUSSELS), repeat_seconds=60)
    for offset in range(hours):
        board.take(report(BEGIN - timedelta(hours=hours - 1 - offset)), offset)
    return board


def test_nothing_is_said_before_older_activity_is_read() -> None:
    """The worker was down for a day; the agency was not."""
    bench, board = Bench(), seasoned_board()
    bench.now += 24 * 3600
    meanwhile = [record(encode(report(BEGIN + timedelta(hours=hour))), board.position + hour) for hour in range(24)]

    async def comes_back() -> None:
        await bench.watch.hear(Opened(board))
        await bench.watch.tell()
        assert bench.written == []
        await bench.watch.hear(meanwhile)
        await bench.watch.hear(CaughtUp())
        await bench.watch.tell()

    run(comes_back())
    assert [freshness.state for freshness in bench.said] == [SourceState.ACTIVE]


def test_a_silence_is_said_and_shown() -> None:
    bench = Bench()
    bench.now += 24 * 3600

    async def goes_on() -> None:
        await bench.watch.hear(Opened(seasoned_board()))
        await bench.watch.hear(CaughtUp())
        await bench.watch.tell()

    run(goes_on())
    assert [freshness.state for freshness in bench.said] == [SourceState.SILENT]
    assert bench.metric("casebus_source_silent") == 1
    assert bench.metric("casebus_source_last_event_timestamp_seconds") == BEGIN.timestamp()
    assert bench.metric("casebus_source_rejected_ratio") == 0
    assert MEMORY_HEADER in bench.written[0][2]


def test_a_stand_by_says_and_shows_nothing() -> None:
    bench = Bench()

    async def loses_it() -> None:
        await bench.watch.hear(Opened(seasoned_board()))
        await bench.watch.hear(CaughtUp())
        await bench.watch.tell()
        await bench.watch.hear(Closed())
        bench.now += 24 * 3600
        await bench.watch.hear([record(b"late")])
        await bench.watch.tell()

    run(loses_it())
    assert len(bench.written) == 1
    assert bench.metric("casebus_source_silent") is None


def test_what_cannot_be_written_is_said_later() -> None:
    bench = Bench()

    async def tries_twice() -> None:
        await bench.watch.hear(Opened(seasoned_board()))
        await bench.watch.hear(CaughtUp())
        bench.failures = 1
        await bench.watch.tell()
        assert bench.written == []
        await bench.watch.tell()

    run(tries_twice())
    assert len(bench.said) == 1


@pytest.mark.parametrize("poison", [None, b"", b"{", b'{"agency":"OVO000001"}'])
def test_poison_is_set_aside_even_when_that_fails_at_first(
    poison: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0)
    bench = Bench()
    bench.failures = 2

    async def hears_poison() -> None:
        await bench.watch.hear(Opened(Board(Calendar(BRUSSELS), repeat_seconds=60)))
        await bench.watch.hear([record(poison), record(encode(report(BEGIN)), 1)])
        await bench.watch.hear(CaughtUp())
        await bench.watch.tell()

    run(hears_poison())
    [(topic, value, _), _] = bench.written
    assert topic == TOPICS.dead_letters
    assert decode(DeadLetter, value).reason == "activity.undecodable"
    assert len(bench.said) == 1
