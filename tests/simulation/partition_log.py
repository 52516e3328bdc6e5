"""One partition as a broker keeps it: records, transaction markers, and how far a reader of committed data may read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

Place = tuple[str, int]


@dataclass(eq=False)
class Transaction:
    """``decision`` is final once made; it takes effect, partition by partition, when its marker is written."""

    transactional_id: str
    decision: str | None = None
    touched: set[Place] = field(default_factory=set)
    unmarked: set[Place] = field(default_factory=set)
    offsets: dict[Place, int] = field(default_factory=dict)
    has_offsets_pending: bool = False
    offsets_number: int = 0
    """When its offsets were sent, among those of all transactions."""

    @property
    def is_complete(self) -> bool:
        return self.decision is not None and not self.unmarked and not self.has_offsets_pending


class Entry(NamedTuple):
    """A record, or with ``transaction`` and no content a marker."""

    key: bytes | None
    value: bytes | None
    timestamp_ms: int
    transaction: Transaction | None = None
    is_marker: bool = False


class PartitionLog:
    """Appended to at the end, never changed."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.entries: list[Entry] = []

    def append(self, entry: Entry) -> None:
        self.entries.append(entry)
        transaction = entry.transaction
        if transaction is not None and not entry.is_marker:
            transaction.touched.add(self.place)
            transaction.unmarked.add(self.place)

    def mark(self, transaction: Transaction) -> None:
        """Write the transaction's marker, which makes its decision visible here."""
        transaction.unmarked.discard(self.place)
        self.append(Entry(None, None, 0, transaction, is_marker=True))

    @property
    def end(self) -> int:
        return len(self.entries)

    @property
    def stable_end(self) -> int:
        """The offset of the first record that is still undecided."""
        for offset, entry in enumerate(self.entries):
            if entry.transaction is not None and self.place in entry.transaction.unmarked:
                return offset
        return self.end

    def is_committed(self, offset: int) -> bool:
        """Whether a reader of committed data sees the record at this offset, below ``stable_end``."""
        entry = self.entries[offset]
        return not entry.is_marker and (entry.transaction is None or entry.transaction.decision == "commit")

    def committed(self) -> list[Entry]:
        """All that such a reader sees."""
        return [self.entries[offset] for offset in range(self.stable_end) if self.is_committed(offset)]
