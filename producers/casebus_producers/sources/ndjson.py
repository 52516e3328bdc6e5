"""NDJSON: one complete event per line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from casebus_producers.sources.entry import Entry, ReadEvent
from casebus_producers.tally import Refusal
from casebus_schemas import MAX_EVENT_BYTES, InvalidEventError, decode_event

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_LONGEST_LINE: Final = 2 * MAX_EVENT_BYTES
"""More than any event: a line that is longer is refused unread, so that no file can fill the memory."""


def entries_of_ndjson(stream: BinaryIO) -> Iterator[Entry]:
    """Every line that is not blank. Numbers count all lines, from 1."""
    number = 0
    while line := stream.readline(_LONGEST_LINE):
        number += 1
        if not line.endswith(b"\n"):
            _skip_to_line_end(stream)
        if number == 1:
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if line := line.strip():
            yield _entry(number, line)


def _entry(number: int, line: bytes) -> Entry:
    try:
        return ReadEvent(number, decode_event(line))
    except InvalidEventError as error:
        return Refusal(number, error.reasons)


def _skip_to_line_end(stream: BinaryIO) -> None:
    while rest := stream.readline(_LONGEST_LINE):
        if rest.endswith(b"\n"):
            return
