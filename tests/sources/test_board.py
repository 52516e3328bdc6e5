"""The board: what is due when, and that a worker which dies at any moment is no loss."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sources.simulated_agency import BRUSSELS, report

from casebus_schemas import AgencyActivity, SourceState
from casebus_streams.sources.board import Board, Statement
from casebus_streams.sources.calendar import Calendar

FIRST, SECOND = "OVO000001", "OVO000002"
BEGIN = datetime(2026, 1, 5, 9, tzinfo=UTC)
START = BEGIN.timestamp()

steps = st.lists(
    st.tuples(st.sampled_from((FIRST, SECOND, None)), st.integers(0, 20_000), st.booleans()), min_size=1, max_size=30
)


def new_board() -> Board:
    return Board(Calendar(BRUSSELS), repeat_seconds=60)


def tell(board: Board, now: float, topic: dict[str, Statement]) -> list[str]:
    """Write what is due to a compacted topic."""
    due = board.due(now)
    for statement in due:
        topic[statement.freshness.agency] = statement
        board.said(statement)
    return [statement.freshness.agency for statement in due]


def restored(topic: dict[str, Statement]) -> Board:
    board = new_board()
    for statement in topic.values():
        board.restore(statement.freshness, statement.memory)
    return board


def test_what_changed_is_said_at_once_and_then_once_a_minute() -> None:
    board, topic = new_board(), dict[str, Statement]()
    board.take(report(BEGIN), 0)
    assert tell(board, START, topic) == [FIRST]
    board.take(report(BEGIN), 1)
    assert tell(board, START + 59, topic) == []
    assert tell(board, START + 60, topic) == [FIRST]
    assert tell(board, START + 600, topic) == []


def test_what_could_not_be_written_stays_due() -> None:
    board = new_board()
    board.take(report(BEGIN), 0)
    assert board.due(START)
    assert board.due(START + 1)


def test_a_silence_is_said_at_once() -> None:
    board, topic = new_board(), dict[str, Statement]()
    for hour in range(24 * 84):
        board.take(report(BEGIN + timedelta(hours=hour)), hour)
    last = START + (24 * 84 - 1) * 3600
    tell(board, last, topic)
    tell(board, last + 3 * 3600 - 1, topic)
    assert topic[FIRST].freshness.state is SourceState.ACTIVE
    assert tell(board, last + 4 * 3600, topic) == [FIRST]
    assert topic[FIRST].freshness.state is SourceState.SILENT


@given(steps)
def test_a_worker_that_dies_at_any_moment_is_no_loss(life: list[tuple[str | None, int, bool]]) -> None:
    """Some agencies are written and others not; what is restored and replayed equals what was never interrupted.

    Each step of ``life`` is an agency's event or none, after some seconds, and whether the timer comes round then.
    """
    now, topic, living = START, dict[str, Statement](), new_board()
    log: list[AgencyActivity] = []
    for agency, pause, tells in life:
        now += pause
        if agency is not None:
            log.append(report(datetime.fromtimestamp(now, UTC), agency=agency))
            living.take(log[-1], len(log) - 1)
        if tells:
            for statement in living.due(now)[:1]:  # it may die between two records
                topic[statement.freshness.agency] = statement
                living.said(statement)

    board = restored(topic)
    for offset in range(board.position, len(log)):
        board.take(log[offset], offset)

    assert {each.agency: each for each in board.freshness(now)} == {each.agency: each for each in living.freshness(now)}


def test_restoring_needs_only_what_was_not_written() -> None:
    board, topic = new_board(), dict[str, Statement]()
    for offset in range(100):
        board.take(report(BEGIN + timedelta(seconds=offset)), offset)
        tell(board, START + offset, topic)
    tell(board, START + 1_000, topic)
    assert restored(topic).position >= 60


@pytest.mark.parametrize("saved", [None, b"", b"{}", b'{"memory":1}'])
def test_a_memory_that_cannot_be_read_costs_the_rhythm_only(saved: bytes | None) -> None:
    board, topic = new_board(), dict[str, Statement]()
    board.take(report(BEGIN), 0)
    tell(board, START, topic)
    again = new_board()
    again.restore(topic[FIRST].freshness, saved)
    [freshness] = again.freshness(START)
    assert freshness.last_event_at == BEGIN


def test_a_topic_that_was_made_anew_is_read_from_its_beginning() -> None:
    board, topic = new_board(), dict[str, Statement]()
    board.take(report(BEGIN), 500)
    tell(board, START, topic)
    again = restored(topic)
    again.begin_anew()
    again.take(report(BEGIN + timedelta(hours=1)), 0)
    assert again.position == 1
    [freshness] = again.freshness(START)
    assert freshness.accepted_last_day == 2


def test_figures_that_only_age_are_said_again_and_move_nothing() -> None:
    board, topic = new_board(), dict[str, Statement]()
    board.take(report(BEGIN), 0)
    tell(board, START, topic)
    assert tell(board, START + 25 * 3600, topic) == [FIRST]
    assert topic[FIRST].freshness.accepted_last_day == 0
    assert restored(topic).position == 1
