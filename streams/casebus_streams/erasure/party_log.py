"""What the accepted log holds about one party, and what of it an erasure deletes. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from casebus_schemas import is_control_key
from casebus_streams.records import InRecord


@dataclass(slots=True)
class _Key:
    """What there is under a key. ``tombstones``: since the last record with a value."""

    tombstones: int = 0
    comes_again: bool = False
    last: InRecord | None = None


@dataclass(slots=True)
class PartyLog:
    """A party's records of the accepted log, read in order. ``marker_offset``: where it was erased; later is new.

    A key that comes again after the marker is an event that was sent again after the erasure: a tombstone would delete
    it, and compaction deletes what came before it anyway.
    """

    party_ref: str
    marker_offset: int
    _keys: dict[bytes, _Key] = field(default_factory=dict)

    def take(self, record: InRecord) -> None:
        """The next record of the partition, whoever's it is."""
        key = record.key or b""
        if not key.startswith(self.party_ref.encode() + b"/"):
            return
        known = self._keys.setdefault(key, _Key())
        if record.value is None:
            known.tombstones += 1
        else:
            known.last, known.tombstones = record, 0
            known.comes_again = record.offset > self.marker_offset

    @property
    def doomed(self) -> list[bytes]:
        """Keys that need a tombstone, the marker's own not among them, in the order of the log."""
        return [
            key
            for key, known in self._keys.items()
            if known.last and not known.tombstones and not known.comes_again
            if known.last.offset != self.marker_offset
        ]

    @property
    def events(self) -> int:
        """How many of the doomed are events; the others are control records."""
        return sum(not is_control_key(key) for key in self.doomed)

    @property
    def deleted_earlier(self) -> int:
        """Events that have a tombstone already: of an attempt that did not end, or of the retention policy."""
        return sum(known.tombstones > 0 and not is_control_key(key) for key, known in self._keys.items())

    def sent_again(self, deleted: list[bytes]) -> list[InRecord]:
        """Records that came after the marker for keys that were ``deleted`` as if they had not: to be put back.

        One tombstone is the erasure's own; when there are two, somebody else has deleted the record as well.
        """
        again: list[InRecord] = []
        for key in deleted:
            known = self._keys.get(key)
            if known is not None and known.last is not None and known.comes_again and known.tombstones == 1:
                again.append(known.last)
        return again
