"""What intake must make of a valid event, written a second time: see ``tests.reference_fold``."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

Json = dict[str, Any]

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


_VOCABULARY = Path(__file__).parents[1] / "schemas/casebus_schemas/status_vocabulary.json"


def is_warned_of(event: Json) -> bool:
    """Whether its agency is told that a valid event's status code is not in the published list."""
    status = event["data"].get("status")
    return status is not None and status["code"] not in _published_codes()


@cache
def _published_codes() -> frozenset[str]:
    return frozenset(entry["code"] for entry in json.loads(_VOCABULARY.read_text())["codes"])


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
