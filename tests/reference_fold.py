"""What the bus must make of what was published, written a second time from the contract alone.

Plain dictionaries and the standard library: no line of the product is imported, so that a mistake in the product
cannot hide in its own test. Slow and short on purpose.

``accept`` is intake for one valid event; ``Fold`` takes accepted records, in any order and with repetitions, and
keeps the overviews (all but ``epoch``) and the changes that must come out.
"""

from __future__ import annotations

import base64
import bisect
import hashlib
import hmac
import json
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

MAX_HISTORY = 200

# --- intake -----------------------------------------------------------------------------------------------------

ROLES = ["applicant", "beneficiary", "involved", "representative", "consultant"]
LANGUAGES: Json = {"nl": None, "fr": None, "de": None, "en": None}
CONTENT: Json = {
    "case_type": None,
    "title": LANGUAGES,
    "summary": LANGUAGES,
    "status": {"phase": None, "code": None, "detail": LANGUAGES, "occurred_at": "time", "final": None},
    "action": {"what": LANGUAGES, "by": None, "url": None, "due_at": "time"},
    "result": {"outcome": None, "text": LANGUAGES, "reference": None},
    "expected": {"next_status_by": "time", "decision_by": "time", "legal_deadline": "time"},
    "suspension": {"since": "time", "reason": LANGUAGES},
    "links": [{"url": None, "label": LANGUAGES, "rel": None}],
    "contact": {"name": None, "phone": None, "email": None, "website": None},
    "sensitivity": None,
    "visible_from": "time",
    "expires_at": "time",
    "notify": {"mode": None, "not_before": "time"},
    "external_reference": None,
    "tags": None,
}
"""The declared order of the fields; "time" where a moment stands."""


def accept(event: Json, pepper: bytes) -> Iterator[Json]:
    """The accepted records of a valid event, one for each of its parties."""
    data = event["data"]
    roles: dict[str, set[str]] = {}
    for party in data["parties"]:
        roles.setdefault(party_ref(pepper, party["kind"], party["number"]), set()).add(party["role"])
    for ref, held in roles.items():
        record = {
            "party_ref": ref,
            "roles": sorted(held, key=ROLES.index),
            "agency": event["source"].split(":")[4],
            "case_id": data["case_id"],
            "kind": event["type"].split(".")[3],
            "sequence": int(event["sequence"]),
            "corrects": data.get("corrects"),
            "event_id": event["id"],
            "time": in_utc(event["time"]),
            "digest": None,
            "source": event["source"],
            "traceparent": event.get("traceparent"),
            "reason": in_order(data.get("reason"), LANGUAGES),
            "content": in_order(data, CONTENT) if "status" in data else None,
        }
        record["digest"] = digest(record)
        yield {name: value for name, value in record.items() if value is not None}


def party_ref(pepper: bytes, kind: str, number: str) -> str:
    mac = hmac.new(pepper, f"{kind}:{number}".encode(), hashlib.sha256).digest()
    return "p1." + base64.urlsafe_b64encode(mac[:16]).decode().rstrip("=")


def digest(record: Json) -> str:
    parts = [
        record["time"],
        record["kind"],
        str(record["corrects"] or ""),
        ",".join(record["roles"]),
        compact(record["reason"]),
        compact(record["content"]),
    ]
    return f"{zlib.crc32('|'.join(parts).encode()):08x}"


def compact(value: Json | None) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def in_order(value: Any, shape: Any) -> Any:
    """``value`` as the bus writes it: fields in declared order, absent ones left out, times in UTC."""
    if value is None or shape is None:
        return value
    if shape == "time":
        return in_utc(value)
    if isinstance(shape, list):
        return [in_order(inner, shape[0]) for inner in value]
    return {name: in_order(value[name], inner) for name, inner in shape.items() if value.get(name) is not None}


def in_utc(moment: str) -> str:
    """``2026-11-24T12:00:00Z``, with six decimals when there is a fraction of a second."""
    return datetime.fromisoformat(moment).astimezone(UTC).isoformat().replace("+00:00", "Z")


# --- fold -------------------------------------------------------------------------------------------------------

ROLL_UP_OF_PHASE = {
    "composition": "received",
    "handling": "in-progress",
    "decision": "decided",
    "appeal": "in-appeal",
    "execution": "in-execution",
    "completed": "closed",
}
ROLL_UP_OF_CODE = {
    (phase, code): seen
    for phase in ("decision", "appeal")
    for code, seen in {
        "InWacht": "on-hold",
        "Beslist": "decided",
        "Goedgekeurd": "decided",
        "DeelsGoedgekeurd": "decided",
        "Geweigerd": "decided",
        "Stopgezet": "decided",
    }.items()
}

# Rank: the order of a history. Two events are the same when all of their ranks' parts are.
Rank = tuple[int, int, str, str, str]
Case = list[tuple[Rank, Json]]


class Fold:
    """``apply`` accepted records; then read ``overviews`` (by party) and ``changes`` (by change id)."""

    def __init__(self) -> None:
        self._parties: dict[str, dict[str, Case]] = {}
        self._events: dict[tuple[str, str], int] = {}
        self._versions: dict[str, int] = {}
        self._latest: dict[str, str] = {}
        self.changes: dict[str, Json] = {}

    def apply_all(self, records: Iterable[Json]) -> Fold:
        for record in records:
            self.apply(record)
        return self

    def apply(self, event: Json) -> None:
        party, name = event["party_ref"], f"{event['agency']}/{event['case_id']}"
        cases = self._parties.setdefault(party, {})
        case = cases.get(name, [])
        before = state(case[-1][1]) if case else None
        ranks = [rank for rank, _ in case]
        own = rank_of(event)
        if own in ranks or (len(case) == MAX_HISTORY and own < ranks[0]):
            return
        at = bisect.bisect(ranks, own)
        case = [*case[:at], (own, event), *case[at:]][-MAX_HISTORY:]
        cases[name] = case
        self._events[party, name] = self._events.get((party, name), 0) + 1
        self._versions[party] = self._versions.get(party, 0) + 1
        self._latest[party] = max(self._latest.get(party, ""), event["time"].removesuffix("Z"))
        self._record_change(event, before, case[-1][1])

    def overview(self, party: str) -> Json:
        return {
            "party_ref": party,
            "version": self._versions[party],
            "updated_at": self._latest[party] + "Z",
            "cases": {
                name: case_overview(case, self._events[party, name])
                for name, case in sorted(self._parties[party].items())
            },
        }

    @property
    def overviews(self) -> dict[str, Json]:
        return {party: self.overview(party) for party in self._versions}

    def _record_change(self, event: Json, before: Json | None, current: Json) -> None:
        after = state(current)
        change = {
            "change_id": key_of(event),
            "kind": change_kind(event, before, after, is_current=event is current),
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
        }
        self.changes[change["change_id"]] = {name: value for name, value in change.items() if value is not None}


def key_of(event: Json) -> str:
    """The key of an accepted record."""
    names = ("party_ref", "agency", "case_id", "sequence", "event_id", "digest")
    return "/".join(str(event[name]) for name in names)


def rank_of(event: Json) -> Rank:
    position = event["corrects"] if event["kind"] == "corrected" else event["sequence"]
    return position, event["sequence"], event["time"].removesuffix("Z"), event["event_id"], event["digest"]


def is_withdrawal(event: Json) -> bool:
    return event["kind"] in ("retracted", "party-removed")


def state(current: Json) -> Json:
    """Roll-up and content of a case whose greatest event is ``current``."""
    if is_withdrawal(current):
        return {"roll_up": "withdrawn"}
    return {"roll_up": roll_up(current["content"]), "content": current["content"]}


def roll_up(content: Json) -> str:
    status = content["status"]
    if status.get("final") or status["phase"] == "completed":
        return "closed"
    if awaited(content):
        return "action-needed"
    if "suspension" in content:
        return "on-hold"
    return ROLL_UP_OF_CODE.get((status["phase"], status["code"])) or ROLL_UP_OF_PHASE[status["phase"]]


def awaited(content: Json) -> Json | None:
    """The action that is expected of the party."""
    action: Json | None = content.get("action")
    return action if action is not None and action["by"] == "party" else None


def case_overview(case: Case, events: int) -> Json:
    (position, *_), current = case[-1]
    return {
        "agency": current["agency"],
        "case_id": current["case_id"],
        "roles": current["roles"],
        "roll_up": state(current)["roll_up"],
        "sequence": position,
        "events": events,
        **({} if is_withdrawal(current) else {"content": current["content"]}),
        "history": list(history(case)),
    }


def history(case: Case) -> Iterator[Json]:
    for index, (rank, event) in enumerate(case):
        later = case[index + 1 :]
        withdrawn = any(is_withdrawal(other) for _, other in later)
        entry = {name: event[name] for name in ("sequence", "event_id", "time", "digest", "kind")}
        if "corrects" in event:
            entry["corrects"] = event["corrects"]
        if "content" in event and not withdrawn:
            status = event["content"]["status"]
            entry |= {name: status[name] for name in ("phase", "code", "occurred_at")}
        if later and later[0][0][0] == rank[0]:
            entry["superseded"] = True
        if withdrawn:
            entry["withdrawn"] = True
        yield entry


def change_kind(event: Json, before: Json | None, after: Json, *, is_current: bool) -> str:
    """What the change means to the citizen: the first that applies."""
    if not is_current:
        return "history-amended"
    if is_withdrawal(event):
        return "retracted" if event["kind"] == "retracted" else "access-ended"
    if event["kind"] == "corrected":
        return "corrected"
    if before is None or before["roll_up"] == "withdrawn":
        return "case-added"
    return progress(before, after)


def progress(before: Json, after: Json) -> str:
    old, new = before["content"], after["content"]
    if "result" in new and new["result"] != old.get("result"):
        return "decision"
    if after["roll_up"] == "closed" and before["roll_up"] != "closed":
        return "closed"
    was_awaited, is_awaited = awaited(old), awaited(new)
    if is_awaited and asked(is_awaited) != asked(was_awaited):
        return "action-needed"
    if was_awaited and not is_awaited:
        return "action-resolved"
    if due(old) != due(new) or old.get("expected") != new.get("expected"):
        return "deadline-changed"
    return "status-changed"


def asked(action: Json | None) -> tuple[object, ...] | None:
    return None if action is None else tuple(action.get(name) for name in ("what", "url", "due_at"))


def due(content: Json) -> str | None:
    moment: str | None = content.get("action", {}).get("due_at")
    return moment
