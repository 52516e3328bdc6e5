"""What one case must look like, and when its time is past, written a second time: see ``tests.reference_fold``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

Json = dict[str, Any]

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


def case_overview(case: Case, events: int, *, is_retired: bool) -> Json:
    (position, *_), current = case[-1]
    ended_at, case_type = end_of(current)
    mark = {"retired": True, "ended_at": ended_at, "case_type": case_type}
    return {
        "agency": current["agency"],
        "case_id": current["case_id"],
        "roles": current["roles"],
        "roll_up": state(current)["roll_up"],
        "sequence": position,
        "events": events,
        **({} if is_withdrawal(current) or is_retired else {"content": current["content"]}),
        "history": list(history(case)),
        **({name: value for name, value in mark.items() if value is not None} if is_retired else {}),
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
        if "content" in event and event["content"].get("visible_from") is not None:
            entry["visible_from"] = event["content"]["visible_from"]
        if later and later[0][0][0] == rank[0]:
            entry["superseded"] = True
        if withdrawn:
            entry["withdrawn"] = True
        yield entry


def change_kind(event: Json, before: Json | None, after: Json, *, is_news: bool) -> str:
    """What the change means to the citizen: the first that applies."""
    if not is_news:
        return "history-amended"
    if is_withdrawal(event):
        return "retracted" if event["kind"] == "retracted" else "access-ended"
    if event["kind"] == "corrected":
        return "corrected"
    if before is None or "content" not in before:
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


def end_of(current: Json) -> tuple[str | None, str | None]:
    """When a case whose greatest event is ``current`` came to its end, and of which type it is."""
    if is_withdrawal(current):
        return current["time"], None
    content = current["content"]
    closed_at = content["status"]["occurred_at"] if roll_up(content) == "closed" else None
    return closed_at or content.get("expires_at"), content.get("case_type")


def is_over(current: Json, clock: Json) -> bool:
    """Whether the case's time in the overview is past."""
    content = current.get("content", {})
    if "legal-hold" in content.get("tags", ()):
        return False
    if "expires_at" in content and is_past(content["expires_at"], "P0D", clock):
        return True
    is_ended = is_withdrawal(current) or roll_up(content) == "closed"
    return is_ended and is_past(end_of(current)[0], kept(current, clock).get("overview_after_closed"), clock)


def is_forgotten(current: Json, clock: Json) -> bool:
    """Whether its time in the log is past."""
    return is_over(current, clock) and is_past(end_of(current)[0], kept(current, clock).get("log_after_closed"), clock)


def kept(current: Json, clock: Json) -> Json:
    policy: Json = clock["policy"]
    retention: Json = policy["case_types"].get(end_of(current)[1], policy["default"])
    return retention


def is_past(moment: str | None, duration: str | None, clock: Json) -> bool:
    if moment is None or duration is None:
        return False
    days = timedelta(days=int(duration.strip("PD")))
    return datetime.fromisoformat(clock["at"]) - days >= datetime.fromisoformat(moment)
