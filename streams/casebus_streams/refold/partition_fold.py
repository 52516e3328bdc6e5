"""One partition's overviews, folded anew. Pure, and without changes: nobody hears of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from casebus_streams.errors import DeadLetterError
from casebus_streams.fold import OverviewFold, decode, event_key
from casebus_streams.overviews.restore import Cache
from casebus_streams.records import InRecord, party_of
from casebus_streams.sink import MAX_RECORD_BYTES
from casebus_streams.wire import AcceptedRecord


@dataclass(frozen=True, slots=True)
class Refolded:
    """A party's overview after a batch, ``None`` when it was erased, and the time of the record that made it so."""

    value: bytes | None
    timestamp_ms: int


@dataclass(slots=True)
class _PartyEvents:
    events: list[AcceptedRecord] = field(default_factory=list)
    timestamp_ms: int = 0
    is_erased: bool = False


class PartitionFold:
    """Folds batches into ``views``, as the overviews stage does.

    ``skipped`` counts the records that no code can handle; the stage has dead-lettered them. A tombstone in the log
    erases its party: what was said before it does not count, even where compaction has not come by yet.
    """

    def __init__(self, epoch: int, views: Cache | None = None) -> None:
        self.views: Cache = {} if views is None else views
        self.skipped = 0
        self._epoch = epoch

    def fold(self, batch: list[InRecord]) -> dict[str, Refolded]:
        """Fold in a batch of the partition, in its order; the parties that it changed. Memory grows with parties."""
        changed: dict[str, Refolded] = {}
        for party_ref, party in self._by_party(batch).items():
            before = self.views.get(party_ref)
            after = self._fold(party_ref, None if party.is_erased else before, party.events)
            if after == before:
                continue
            changed[party_ref] = Refolded(after, party.timestamp_ms)
            if after is None:
                self.views.pop(party_ref)
            else:
                self.views[party_ref] = after
        return changed

    def _by_party(self, batch: list[InRecord]) -> dict[str, _PartyEvents]:
        parties: dict[str, _PartyEvents] = {}
        for record in batch:
            party_ref = party_of(record).decode(errors="replace")
            if record.value is None:
                party = parties[party_ref] = _PartyEvents(is_erased=True)
            else:
                try:
                    event = decode(record.value, party_ref)
                except DeadLetterError:
                    self.skipped += 1
                    continue
                party = parties.setdefault(party_ref, _PartyEvents())
                party.events.append(event)
            party.timestamp_ms = record.timestamp_ms
        return parties

    def _fold(self, party_ref: str, view: bytes | None, events: list[AcceptedRecord]) -> bytes | None:
        fold, effective = OverviewFold.of(view, party_ref, epoch=self._epoch), 0
        for event in events:
            try:
                effective += fold.apply(event, event_key(event)) is not None
            except Exception:  # whatever it is, the stage has dead-lettered it and gone on
                self.skipped += 1
        if not effective:
            return view
        value = fold.encode()
        if len(value) > MAX_RECORD_BYTES:
            self.skipped += effective
            return view
        return value
