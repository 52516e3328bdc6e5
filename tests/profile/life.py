"""Writing a case's history, and the overview it stands in, through the contract's own models."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from casebus_schemas import Overview, decode, encode, roll_up

Json = dict[str, Any]


def text(nl: str, fr: str, de: str, en: str) -> dict[str, str]:
    return {"nl": nl, "fr": fr, "de": de, "en": en}


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class Life:
    """A case's history being written. ``steps``: days ago, phase, code, and marks."""

    def __init__(self, agency: str, case_id: str, *, now: datetime) -> None:
        self.agency, self.case_id, self.now = agency, case_id, now
        self.history: list[Json] = []

    def step(
        self, days_ago: float, phase: str | None, code: str | None, kind: str = "status-changed", **marks: Any
    ) -> Life:
        at = iso(self.now - timedelta(days=days_ago))
        sequence = len(self.history) + 1
        entry: Json = {
            "sequence": sequence,
            "event_id": f"{self.case_id}-{sequence}",
            "time": at,
            "digest": f"{sequence:08x}",
            "kind": kind,
        }
        if phase is not None:
            entry |= {"phase": phase, "code": code, "occurred_at": at}
        self.history.append(entry | marks)
        return self

    def case(self, **content: Any) -> Json:
        """The case after its last step, with ``content``; withdrawn without any."""
        last = self.history[-1]
        case: Json = {
            "agency": self.agency,
            "case_id": self.case_id,
            "roles": ["applicant"],
            "roll_up": "withdrawn",
            "sequence": last["sequence"],
            "events": len(self.history),
        }
        if content:
            detail = {"detail": content.pop("detail")} if "detail" in content else {}
            action = content.get("action", {})
            case["roll_up"] = roll_up(
                last["phase"],
                last["code"],
                final=False,
                awaits_party=action.get("by") == "party",
                suspended="suspension" in content,
            ).value
            status = {"phase": last["phase"], "code": last["code"], "occurred_at": last["occurred_at"], **detail}
            case["content"] = {"sensitivity": "normal", "status": status, **content}
        return case | {"history": self.history}


def overview_of(party_ref: str, cases: list[Json], *, version: int = 1, now: datetime | None = None) -> bytes:
    """The record as the stream writes it: through the contract's own model."""
    document = {
        "party_ref": party_ref,
        "epoch": 1,
        "version": version,
        "updated_at": iso(now or datetime.now(UTC)),
        "cases": dict(sorted((f"{case['agency']}/{case['case_id']}", case) for case in cases)),
    }
    return encode(decode(Overview, json.dumps(document).encode()))


def contact(name: str, host: str) -> Json:
    return {"name": name, "phone": "02 553 12 34", "email": f"vragen@{host}", "website": f"https://www.{host}/contact"}
