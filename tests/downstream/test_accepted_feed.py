"""The feed of the accepted log: events, and between them what happened to parties as a whole."""

from __future__ import annotations

from datetime import date

import pytest

from casebus_consumers.subscriber import ACCEPTED
from casebus_consumers.testing import examples
from casebus_schemas import RetentionPolicy, UndecodableError, encode, new_clock


def test_events_and_control_records_are_told_apart() -> None:
    event, clock = examples.accepted(), new_clock(date(2026, 11, 28), RetentionPolicy())
    assert ACCEPTED.decode(encode(event)) == event
    assert ACCEPTED.decode(encode(clock)) == clock
    assert ACCEPTED.decode(None) is None


def test_what_is_neither_is_undecodable() -> None:
    for value in (b"{}", b'{"control":"paused"}'):
        with pytest.raises(UndecodableError):
            ACCEPTED.decode(value)
