"""What the overviews stage decided about a batch, and what it must remember once that is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from casebus_schemas import Clock
from casebus_streams.overviews.restore import Cache
from casebus_streams.records import OutRecord


@dataclass(slots=True)
class OverviewsOutcome:
    """The records to write, the views they leave behind, and what to count: known once all records were taken.

    ``gone``: parties that have no view any more. ``clocks``: the last clock record of a partition. ``unfinished``:
    partitions with more cases past their time than one transaction takes. ``ticked``: those that get a clock record.
    """

    records: Iterator[OutRecord] = field(default_factory=lambda: iter(()))
    views: dict[int, Cache] = field(default_factory=dict)
    gone: dict[int, set[str]] = field(default_factory=dict)
    clocks: dict[int, Clock] = field(default_factory=dict)
    unfinished: set[int] = field(default_factory=set)
    ticked: set[int] = field(default_factory=set)
    changes: int = 0
    repetitions: int = 0
    forwarded: int = 0
    retired: int = 0
    conflicts: list[str] = field(default_factory=list)

    def put(self, partition: int, party_ref: str, view: bytes) -> None:
        """Make it the party's view."""
        if (views := self.views.get(partition)) is None:
            views = self.views[partition] = {}
        views[party_ref] = view
        if self.gone:
            self.gone.get(partition, set()).discard(party_ref)

    def drop(self, partition: int, party_ref: str) -> None:
        """Leave the party without a view."""
        self.views.get(partition, {}).pop(party_ref, None)
        self.gone.setdefault(partition, set()).add(party_ref)

    def view(self, partition: int, party_ref: str, cache: Cache) -> bytes | None:
        """The party's view as this outcome would leave it, which has not been written yet."""
        if party_ref in self.gone.get(partition, ()):
            return None
        return self.views.get(partition, cache).get(party_ref) or cache.get(party_ref)

    def parties(self, partition: int, cache: Cache) -> list[str]:
        """The parties that have a view, or may have one."""
        return [*cache, *(party_ref for party_ref in self.views.get(partition, ()) if party_ref not in cache)]

    @property
    def largest_bytes(self) -> int:
        """The size of its largest view; 0 when it has none."""
        return max((max(map(len, views.values()), default=0) for views in self.views.values()), default=0)

    def write_to(self, caches: dict[int, Cache]) -> None:
        """Bring the caches to where this outcome leaves them."""
        for partition, views in self.views.items():
            caches[partition].update(views)
        for partition, parties in self.gone.items():
            for party_ref in parties:
                caches[partition].pop(party_ref, None)
