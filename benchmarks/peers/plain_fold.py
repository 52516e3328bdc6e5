"""The fold on plain dictionaries: what a team writes inside an engine's callback. Same rules, same documents.

Not the product's fold, and not the tests' reference either: one event into one parsed overview, in place.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

Json = dict[str, Any]

MAX_HISTORY = 200
_WITHDRAWALS = ("retracted", "party-removed")
_OF_PHASE = {
    "composition": "received",
    "handling": "in-progress",
    "decision": "decided",
    "appeal": "in-appeal",
    "execution": "in-execution",
    "completed": "closed",
}
_OF_DECISION_CODE = {"InWacht": "on-hold"} | dict.fromkeys(
    ("Beslist", "Goedgekeurd", "DeelsGoedgekeurd", "Geweigerd", "Stopgezet"), "decided"
)


def new_overview(party_ref: str) -> Json:
    """The overview of a party without events."""
    return {"party_ref": party_ref, "epoch": 1, "version": 0, "updated_at": "", "cases": {}}


def apply(overview: Json, event: Json) -> Json | None:
    """Fold ``event`` into ``overview``; the change, or ``None`` when it has no effect."""
    key = f"{event['agency']}/{event['case_id']}"
    before = overview["cases"].get(key)
    entry = _entry_of(event)
    history = _history_with(before["history"] if before else [], entry)
    if history is None:
        return None
    is_current = history[-1] is entry
    after = _case_after(before, event, history, is_current=is_current)
    overview["cases"][key] = after
    if before is None:
        overview["cases"] = dict(sorted(overview["cases"].items()))
    overview["version"] += 1
    if event["time"][:-1] > overview["updated_at"][:-1]:
        overview["updated_at"] = event["time"]
    kind = _kind_of(event, before, after) if is_current else "history-amended"
    return _change(event, kind, overview, before, after)


def _entry_of(event: Json) -> Json:
    entry = {name: event[name] for name in ("sequence", "event_id", "time", "digest", "kind")}
    if "corrects" in event:
        entry["corrects"] = event["corrects"]
    if "content" in event:
        status = event["content"]["status"]
        entry |= {"phase": status["phase"], "code": status["code"], "occurred_at": status["occurred_at"]}
        if "visible_from" in event["content"]:
            entry["visible_from"] = event["content"]["visible_from"]
    return entry


def _rank(entry: Json) -> tuple[int, int, str, str, str]:
    sequence: int = entry["sequence"]
    position: int = entry.get("corrects", sequence)
    return position, sequence, entry["time"][:-1], entry["event_id"], entry["digest"]


def _history_with(history: list[Json], entry: Json) -> list[Json] | None:
    rank = _rank(entry)
    last = _rank(history[-1]) if history else None
    if last is None or (rank[0] > last[0] and entry["kind"] not in _WITHDRAWALS):  # simply the newest
        history.append(entry)
        return history[-MAX_HISTORY:]
    ranks = [_rank(known) for known in history]
    place = bisect_left(ranks, rank)
    if (place < len(ranks) and ranks[place] == rank) or (place == 0 and len(ranks) >= MAX_HISTORY):
        return None
    history.insert(place, entry)
    _mark(history)
    return history[-MAX_HISTORY:]


def _mark(history: list[Json]) -> None:
    withdrawn, following = False, None
    for entry in reversed(history):
        position = entry.get("corrects", entry["sequence"])
        entry.pop("superseded", None)
        if position == following:
            entry["superseded"] = True
        if withdrawn:
            entry["withdrawn"] = True
            for name in ("phase", "code", "occurred_at"):
                entry.pop(name, None)
        following = position
        withdrawn = withdrawn or entry["kind"] in _WITHDRAWALS


def _case_after(before: Json | None, event: Json, history: list[Json], *, is_current: bool) -> Json:
    case = {"agency": event["agency"], "case_id": event["case_id"]}
    events = before["events"] + 1 if before else 1
    if before is not None and not is_current:
        case |= {name: before[name] for name in ("roles", "roll_up", "sequence")}
        content = before.get("content")
    else:
        content = event.get("content")
        position = event.get("corrects", event["sequence"])
        case |= {"roles": event["roles"], "roll_up": _roll_up(content), "sequence": position}
    case["events"] = events
    if content is not None:
        case["content"] = content
    case["history"] = history
    return case


def _roll_up(content: Json | None) -> str:
    if content is None:
        return "withdrawn"
    status = content["status"]
    phase: str = status["phase"]
    if status.get("final") or phase == "completed":
        return "closed"
    if _awaited(content) is not None:
        return "action-needed"
    if "suspension" in content:
        return "on-hold"
    of_code = _OF_DECISION_CODE.get(status["code"]) if phase in ("decision", "appeal") else None
    return of_code or _OF_PHASE[phase]


def _awaited(content: Json) -> Json | None:
    action: Json | None = content.get("action")
    return action if action is not None and action["by"] == "party" else None


def _kind_of(event: Json, before: Json | None, after: Json) -> str:
    if event["kind"] in _WITHDRAWALS:
        return "retracted" if event["kind"] == "retracted" else "access-ended"
    if event["kind"] == "corrected":
        return "corrected"
    if before is None or "content" not in before:
        return "case-added"
    old, new = before["content"], after["content"]
    if "result" in new and new["result"] != old.get("result"):
        return "decision"
    if after["roll_up"] == "closed" and before["roll_up"] != "closed":
        return "closed"
    return _by_what_is_expected(old, new)


def _by_what_is_expected(old: Json, new: Json) -> str:
    was, now = _awaited(old), _awaited(new)
    if now is not None and _asked(now) != _asked(was):
        return "action-needed"
    if now is None and was is not None:
        return "action-resolved"
    due_before, due_after = old.get("action", {}).get("due_at"), new.get("action", {}).get("due_at")
    if due_before != due_after or old.get("expected") != new.get("expected"):
        return "deadline-changed"
    return "status-changed"


def _asked(action: Json | None) -> tuple[object, ...] | None:
    return None if action is None else (action["what"], action.get("url"), action.get("due_at"))


def _change(event: Json, kind: str, overview: Json, before: Json | None, after: Json) -> Json:
    party, agency, case_id, sequence = event["party_ref"], event["agency"], event["case_id"], event["sequence"]
    change = {
        "change_id": f"{party}/{agency}/{case_id}/{sequence}/{event['event_id']}/{event['digest']}",
        "kind": kind,
        "party_ref": party,
        "agency": agency,
        "case_id": case_id,
        "roles": event["roles"],
        "event_id": event["event_id"],
        "event_kind": event["kind"],
        "sequence": sequence,
        "time": event["time"],
        "epoch": overview["epoch"],
        "version": overview["version"],
    }
    change |= {name: event[name] for name in ("traceparent", "reason") if name in event}
    if before is not None:
        change["before"] = _state(before)
    change["after"] = _state(after)
    return change


def _state(case: Json) -> Json:
    state = {"roll_up": case["roll_up"]}
    if "content" in case:
        state["content"] = case["content"]
    return state
