"""What the accepted log holds about a party that is to be merged into another. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from casebus_schemas import Erased, Merged, UndecodableError, decode_control, is_control_key
from casebus_streams.fold import decode, event_key
from casebus_streams.overviews.forwarding import moved
from casebus_streams.records import InRecord, OutRecord
from casebus_streams.wire import encode


@dataclass(slots=True)
class _Event:
    first_offset: int
    last: InRecord


@dataclass(slots=True)
class PartyRecords:
    """A party's events of the accepted log, read in order, those that were deleted left out. ``position``: read so far.

    ``marker``: where the party became an alias, and of which it is one.
    """

    party_ref: str
    position: int = 0
    marker: tuple[int, Merged] | None = None
    _events: dict[bytes, _Event] = field(default_factory=dict)
    _copied: set[bytes] = field(default_factory=set)

    def take(self, record: InRecord) -> None:
        """The next record of the partition, whoever's it is."""
        self.position = record.offset + 1
        key = record.key or b""
        if not key.startswith(self.party_ref.encode() + b"/"):
            return
        if is_control_key(key):
            self._take_control(record)
        elif record.value is None:
            self._events.pop(key, None)
        elif (known := self._events.get(key)) is not None:
            known.last = record
        else:
            self._events[key] = _Event(record.offset, record)

    def copies(self, into: str, partition: int) -> list[OutRecord]:
        """Copies of what lies before the marker, for ``into``; each is given out once. Without a marker, of all.

        Raises ``DeadLetterError`` for a record that no code can read.
        """
        copies = []
        for key, event in self._events.items():
            if key in self._copied or not self._is_before_marker(event.first_offset):
                continue
            self._copied.add(key)
            copy = moved(decode(event.last.value or b"", self.party_ref), into)
            copies.append(
                OutRecord(event.last.topic, partition, event_key(copy), encode(copy), event.last.timestamp_ms)
            )
        return copies

    def deletions(self) -> list[bytes]:
        """The keys that need a tombstone once all is copied: what came later was forwarded by the overviews stage."""
        return [key for key, event in self._events.items() if self._is_before_marker(event.last.offset)]

    def __len__(self) -> int:
        """How many events lie before the marker."""
        return sum(self._is_before_marker(event.first_offset) for event in self._events.values())

    def _is_before_marker(self, offset: int) -> bool:
        return self.marker is None or offset < self.marker[0]

    def _take_control(self, record: InRecord) -> None:
        if record.value is None:
            return  # the marker of an erasure that is over: nothing of it is left
        try:
            control = decode_control(record.value)
        except UndecodableError:
            return  # the stage has dead-lettered it
        if isinstance(control, Merged):
            self.marker = record.offset, control
        elif isinstance(control, Erased):
            self.marker = None
            self._events.clear()
