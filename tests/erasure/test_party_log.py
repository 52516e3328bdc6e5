"""What of a party's part of the log is deleted: all before the marker, nothing of anybody else's, nothing that is new.

A model of the log decides what must be left: whatever is deleted, a log thinned by compaction holds exactly the
party's events since the marker.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from casebus_schemas import erased_key
from casebus_streams.erasure.party_log import PartyLog
from casebus_streams.records import InRecord

REF, OTHER = "p1.AAAAAAAAAAAAAAAAAAAAAA", "p1.AAAAAAAAAAAAAAAAAAAAAB"
MARKER = erased_key(REF, "e1").encode()
EVENTS = [f"{ref}/OVO000001/c/{sequence}/e/00000000".encode() for ref in (REF, OTHER) for sequence in range(3)]
RECORDS = st.lists(st.tuples(st.sampled_from(EVENTS), st.booleans()), max_size=12)

Log = list[tuple[bytes, bool]]
"""Keys, and whether the record has a value."""


def read(log: Log, marker: int, start: int = 0) -> PartyLog:
    party = PartyLog(REF, marker)
    for offset, (key, has_value) in enumerate(log):
        if offset >= start:
            party.take(InRecord("accepted", 0, offset, key, b"{}" if has_value else None, 0))
    return party


def compacted(log: Log) -> set[bytes]:
    return {key for key, has_value in dict(log).items() if has_value}


def erase(log: Log, marker: int, meanwhile: Log) -> Log:
    """What ``casebus erase`` does, with records that come between its reading and its deleting."""
    doomed = read(log, marker).doomed
    log = [*log, *meanwhile, *((key, False) for key in doomed)]
    again = read(log, marker, start=marker).sent_again(doomed)
    return [*log, *((record.key or b"", True) for record in again), (MARKER, False)]


@given(before=RECORDS, after=RECORDS, meanwhile=RECORDS)
def test_what_is_left_is_what_came_after_the_marker(before: Log, after: Log, meanwhile: Log) -> None:
    log: Log = [*before, (MARKER, True), *after]
    erased = erase(log, len(before), meanwhile)
    mine = {key for key in compacted(erased) if key.startswith(REF.encode())}
    assert mine == {key for key in compacted([*after, *meanwhile]) if key.startswith(REF.encode())}
    others = [record for record in [*before, *after, *meanwhile] if record[0].startswith(OTHER.encode())]
    assert compacted(erased) - mine == compacted(others)


@given(before=RECORDS, after=RECORDS)
def test_erasing_twice_is_erasing_once(before: Log, after: Log) -> None:
    log: Log = [*before, (MARKER, True), *after]
    once = erase(log, len(before), [])
    assert compacted(erase(once, len(before), [])) == compacted(once)


def test_events_and_those_deleted_earlier_are_counted() -> None:
    log: Log = [(EVENTS[0], True), (EVENTS[1], True), (EVENTS[1], False), (MARKER, True), (EVENTS[2], True)]
    party = read(log, 3)
    assert (party.doomed, party.events, party.deleted_earlier) == ([EVENTS[0]], 1, 1)


def test_an_older_marker_is_deleted_too_and_is_no_event() -> None:
    old = erased_key(REF, "e0").encode()
    party = read([(EVENTS[0], True), (old, True), (MARKER, True)], 2)
    assert (party.doomed, party.events) == ([EVENTS[0], old], 1)
