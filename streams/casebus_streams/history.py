"""A case's history: which events it holds, in which order, and what follows from that order. Pure.

The order of the entries is total: by the sequence they speak of (``corrects`` for a correction, else their own),
then own sequence, time, event id, digest. Everything else is derived from it, so the order of arrival cannot matter:

- the *current* entry is the greatest; a correction comes right after what it corrects, the winner of a conflict
  over one sequence after the loser;
- an entry is *superseded* when the next one speaks of the same sequence;
- an entry is *withdrawn* when a retraction, or the end of the party's access, comes after it.

The history keeps the ``MAX_HISTORY`` greatest entries. An event smaller than all of a full history has no effect.
"""

from __future__ import annotations

import re
from bisect import bisect_left

from msgspec import UNSET, Raw

from casebus_schemas import MAX_HISTORY
from casebus_streams.wire import AcceptedRecord, ContentFacts, HistoryPieces, HistoryRecord, decode_history, encode

BARRIERS = frozenset(("retracted", "party-removed"))
"""The kinds of event that take a case out of an overview."""

OrderKey = tuple[int, int, str, str, str]

_find_second = re.compile(rb"},\{").search
"""Ends with the brace that begins the second entry: entries are flat, and none of their texts can hold a brace."""


def entry_of(event: AcceptedRecord, facts: ContentFacts | None) -> HistoryRecord:
    """The entry that records ``event``."""
    if facts is None:
        return HistoryRecord(event.sequence, event.event_id, event.time, event.digest, event.kind, event.corrects)
    status = facts.status
    return HistoryRecord(
        event.sequence,
        event.event_id,
        event.time,
        event.digest,
        event.kind,
        event.corrects,
        status.phase,
        status.code,
        status.occurred_at,
        facts.visible_from,
    )


def append(history: Raw | HistoryPieces, entry: HistoryRecord, *, is_full: bool) -> HistoryPieces:
    """The history with an entry that is simply the newest; a full one loses its oldest. Decodes and copies nothing."""
    known = history if isinstance(history, tuple) else (Raw(memoryview(history)[1:-1]),)
    return (*(_without_oldest(known) if is_full else known), entry)


def insert(history: Raw | HistoryPieces, entry: HistoryRecord) -> list[HistoryRecord] | None:
    """The history with ``entry`` at its place, or ``None`` when it has no effect: a repetition, or older than all.

    For an event that is not simply the newest; decodes all of it.
    """
    entries = entries_of(history)
    keys = [order_key(known) for known in entries]
    key = order_key(entry)
    place = bisect_left(keys, key)
    if place < len(keys) and keys[place] == key:
        return None
    if place == 0 and len(entries) >= MAX_HISTORY:
        return None
    entries.insert(place, entry)
    _mark(entries)
    return entries[-MAX_HISTORY:]


def entries_of(history: Raw | HistoryPieces) -> list[HistoryRecord]:
    """All its entries, decoded."""
    return decode_history(encode(history) if isinstance(history, tuple) else history)


def order_key(entry: HistoryRecord) -> OrderKey:
    """Where an entry stands. Times compare as text without the final ``Z``, which sorts after a fraction's point."""
    return (entry.position, entry.sequence, entry.time[:-1], entry.event_id, entry.digest)


def has_conflict(entries: list[HistoryRecord], entry: HistoryRecord) -> bool:
    """Whether another event of the case carries the same sequence."""
    return any(known.sequence == entry.sequence and known is not entry for known in entries)


def _without_oldest(pieces: HistoryPieces) -> HistoryPieces:
    oldest, newer = pieces[0], pieces[1:]
    if isinstance(oldest, Raw) and (second := _find_second(oldest)) is not None:
        return (Raw(memoryview(oldest)[second.end() - 1 :]), *newer)
    return newer


def _mark(entries: list[HistoryRecord]) -> None:
    """Set what follows from the order: superseded, withdrawn; a withdrawn entry no longer says what it said."""
    withdrawn = False
    following: int | None = None
    for entry in reversed(entries):
        entry.superseded = True if entry.position == following else UNSET
        if withdrawn:
            entry.withdrawn = True
            entry.phase = entry.code = entry.occurred_at = UNSET
        following = entry.position
        withdrawn = withdrawn or entry.kind in BARRIERS
