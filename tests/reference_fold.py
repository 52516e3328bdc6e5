"""What the bus must make of what was published, written a second time from the contract alone.

Plain dictionaries and the standard library: no line of the product is imported, so that a mistake in the product
cannot hide in its own test. Slow and short on purpose.

``accept`` is intake for one valid event; ``Fold`` takes accepted records, in any order and with repetitions, control
records among them, and keeps the overviews (all but ``epoch``) and the changes that must come out.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from typing import Any

from tests.reference_case import (
    Case,
    Rank,
    case_overview,
    change_kind,
    is_forgotten,
    is_over,
    key_of,
    rank_of,
    state,
)
from tests.reference_intake import CONTENT, accept, compact, digest, in_order, party_ref

__all__ = ["CONTENT", "MAX_HISTORY", "Fold", "accept", "compact", "digest", "in_order", "key_of", "party_ref"]

Json = dict[str, Any]

MAX_HISTORY = 200


class Fold:
    """``apply`` accepted records; then read ``overviews`` (by party) and ``changes`` (by change id).

    ``told``: the ids of all changes, in their order; one comes again only after its party was erased.
    ``forwarded``: the records that must have been written for parties into which others were merged. ``deleted``: the
    keys of those that must not be in the log any more. A clock record tells the time to all parties.

    ``reads_log``: the records come from the accepted log itself, which holds the forwarded ones already.
    """

    def __init__(self, *, reads_log: bool = False) -> None:
        self._reads_log = reads_log
        self._parties: dict[str, dict[str, Case]] = {}
        self._events: dict[tuple[str, str], int] = {}
        self._retired: dict[tuple[str, str], Rank] = {}
        self._versions: dict[str, int] = {}
        self._latest: dict[str, str] = {}
        self._aliases: dict[str, str] = {}
        self._clock: Json | None = None
        self.changes: dict[str, Json] = {}
        self.told: list[str] = []
        self.forwarded: list[Json] = []
        self.deleted: list[str] = []

    def apply_all(self, records: Iterable[Json]) -> Fold:
        for record in records:
            self.apply(record)
        return self

    def apply(self, event: Json) -> None:
        if "control" in event:
            {"erased": self._erase, "merged": self._merge, "clock": self._tell_time}[event["control"]](event)
            return
        party, name = event["party_ref"], f"{event['agency']}/{event['case_id']}"
        if party in self._aliases:
            self._forward(event)
            return
        cases = self._parties.setdefault(party, {})
        case = cases.get(name, [])
        before = self._state(party, name)
        ranks = [rank for rank, _ in case]
        own = rank_of(event)
        if own in ranks or (len(case) == MAX_HISTORY and own < ranks[0]):
            return
        at = bisect.bisect(ranks, own)
        if not case and self._clock is not None and is_forgotten(event, self._clock):
            self.deleted.append(key_of(event))
            return
        cases[name] = [*case[:at], (own, event), *case[at:]][-MAX_HISTORY:]
        self._events[party, name] = self._events.get((party, name), 0) + 1
        self._versions[party] = self._versions.get(party, 0) + 1
        self._latest[party] = max(self._latest.get(party, ""), event["time"].removesuffix("Z"))
        self._retire(party, name)
        is_news = cases[name][-1][1] is event and not self._is_retired(party, name) and "moved_from" not in event
        self._record_change(event, before, self._state(party, name), is_news=is_news)

    def overview(self, party: str) -> Json:
        return {
            "party_ref": party,
            "version": self._versions[party],
            "updated_at": self._latest[party] + "Z",
            "cases": {
                name: case_overview(case, self._events[party, name], is_retired=self._is_retired(party, name))
                for name, case in sorted(self._parties[party].items())
            },
            **({"merged_into": self._aliases[party]} if party in self._aliases else {}),
        }

    @property
    def overviews(self) -> dict[str, Json]:
        return {party: self.overview(party) for party in self._versions}

    def _erase(self, marker: Json) -> None:
        party = marker["party_ref"]
        for known in (self._parties, self._versions, self._latest, self._aliases):
            known.pop(party, None)
        for of_cases in (self._events, self._retired):
            for key in [key for key in of_cases if key[0] == party]:
                del of_cases[key]

    def _merge(self, marker: Json) -> None:
        party, into = marker["party_ref"], marker["into"]
        if self._aliases.get(party) != into:
            version = self._versions.get(party, 0) + 1
            self._erase(marker)
            self._parties[party], self._aliases[party] = {}, into
            self._versions[party], self._latest[party] = version, marker["at"].removesuffix("Z")

    def _forward(self, event: Json) -> None:
        party = event["party_ref"]
        copy = event | {"party_ref": self._aliases[party], "sent_to": event.get("sent_to", party)}
        self.forwarded.append(copy)
        if not self._reads_log:
            self.apply(copy)

    def _tell_time(self, clock: Json) -> None:
        if self._clock is not None and clock["at"] < self._clock["at"]:
            return
        self._clock = clock
        for party, cases in list(self._parties.items()):
            effects = [self._retire(party, name) + self._forget(party, name) for name in list(cases)]
            if not cases and any(effects):
                self._erase({"party_ref": party})
            elif any(effects):
                self._versions[party] += 1

    def _retire(self, party: str, name: str) -> bool:
        rank, current = self._parties[party][name][-1]
        if self._is_retired(party, name) or self._clock is None or not is_over(current, self._clock):
            return False
        self._retired[party, name] = rank
        return True

    def _forget(self, party: str, name: str) -> bool:
        case = self._parties[party][name]
        is_whole = self._events[party, name] == len(case)
        if self._clock is None or not is_whole or not self._is_retired(party, name):
            return False
        if not is_forgotten(case[-1][1], self._clock):
            return False
        self.deleted += [key_of(event) for _, event in case]
        for known in (self._events, self._retired):
            del known[party, name]
        del self._parties[party][name]
        return True

    def _is_retired(self, party: str, name: str) -> bool:
        case = self._parties[party].get(name, [])
        return bool(case) and self._retired.get((party, name)) == case[-1][0]

    def _state(self, party: str, name: str) -> Json | None:
        case = self._parties[party].get(name)
        if not case:
            return None
        seen = state(case[-1][1])
        return {"roll_up": seen["roll_up"]} if self._is_retired(party, name) else seen

    def _record_change(self, event: Json, before: Json | None, after: Json | None, *, is_news: bool) -> None:
        assert after is not None
        change = {
            "change_id": key_of(event),
            "kind": change_kind(event, before, after, is_news=is_news),
            "party_ref": event["party_ref"],
            "agency": event["agency"],
            "case_id": event["case_id"],
            "roles": event["roles"],
            "event_id": event["event_id"],
            "event_kind": event["kind"],
            "sequence": event["sequence"],
            "time": event["time"],
            "version": self._versions[event["party_ref"]],
            "traceparent": event.get("traceparent"),
            "reason": event.get("reason"),
            "before": before,
            "after": after,
            "moved_from": event.get("moved_from"),
        }
        self.told.append(change["change_id"])
        self.changes[change["change_id"]] = {name: value for name, value in change.items() if value is not None}
