"""What of a stored overview may be shown."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.consumers.overviews import overview, ref

from casebus_consumers.profile.visibility import SHOWN_OF_CONFIDENTIAL, visible
from casebus_schemas import CaseContent, Overview, decode

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TEXT = {"nl": "Geheime tekst"}
FULL_CONTENT: dict[str, Any] = {
    "case_type": "secret-product",
    "title": TEXT,
    "summary": TEXT,
    "status": {
        "phase": "handling",
        "code": "InBehandeling",
        "detail": TEXT,
        "occurred_at": "2026-11-20T12:00:00Z",
        "final": False,
    },
    "action": {"what": TEXT, "by": "party", "url": "https://secret.example/", "due_at": "2026-12-01T12:00:00Z"},
    "result": {"outcome": "granted", "text": TEXT, "reference": "secret"},
    "expected": {"decision_by": "2026-12-31T12:00:00Z"},
    "suspension": {"since": "2026-11-21T12:00:00Z", "reason": TEXT},
    "links": [{"url": "https://secret.example/", "label": TEXT}],
    "contact": {"name": "secret"},
    "sensitivity": "normal",
    "notify": {"mode": "normal"},
    "external_reference": "secret",
    "tags": ["secret"],
}


def case(case_id: str, *, time: str = "2026-11-20T12:00:00Z", **changes: object) -> dict[str, Any]:
    content = FULL_CONTENT | changes
    entry = {"sequence": 1, "event_id": "e", "time": time, "digest": "00000000", "kind": "status-changed"}
    return {
        "agency": "OVO000123",
        "case_id": case_id,
        "roles": ["applicant"],
        "roll_up": "in-progress",
        "sequence": 1,
        "events": 1,
        "content": content,
        "history": [entry],
    }


def stored(*cases: dict[str, Any]) -> bytes:
    return overview(ref(1), cases={f"{each['agency']}/{each['case_id']}": each for each in cases})


def shown(value: bytes, *, high: bool = True, now: datetime = NOW) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(visible(value, now=now, high_assurance=high).body)
    return document


def iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    "value",
    [
        stored(),
        stored(case("a")),
        stored(case("a", visible_from=iso(NOW), expires_at=iso(NOW + timedelta(seconds=1)))),
        stored(case("a", tags=["confidential"])),
    ],
)
@pytest.mark.parametrize("high", [True, False])
def test_where_nothing_is_to_be_hidden_the_stored_bytes_are_shown(value: bytes, *, high: bool) -> None:
    view = visible(value, now=NOW, high_assurance=high)
    assert view.body is value
    assert not view.is_filtered


def test_a_confidential_case_is_shown_whole_at_high_assurance() -> None:
    value = stored(case("a", sensitivity="confidential"))
    assert visible(value, now=NOW, high_assurance=True).body is value


def test_a_confidential_case_shows_no_text_at_a_lower_assurance() -> None:
    value = stored(case("a", sensitivity="confidential"), case("b"))
    view = visible(value, now=NOW, high_assurance=False)
    assert view.is_filtered
    before, after = json.loads(value), json.loads(view.body)
    assert after["cases"]["OVO000123/b"] == before["cases"]["OVO000123/b"]
    secret = after["cases"]["OVO000123/a"]
    assert "secret" not in json.dumps(secret).lower()
    assert "geheim" not in json.dumps(secret).lower()
    assert secret["content"] == {
        "status": {"phase": "handling", "code": "InBehandeling", "occurred_at": "2026-11-20T12:00:00Z", "final": False},
        "action": {"by": "party", "due_at": "2026-12-01T12:00:00Z"},
        "result": {"outcome": "granted"},
        "expected": {"decision_by": "2026-12-31T12:00:00Z"},
        "suspension": {"since": "2026-11-21T12:00:00Z"},
        "sensitivity": "confidential",
    }
    assert {name: value for name, value in secret.items() if name != "content"} == {
        name: value for name, value in before["cases"]["OVO000123/a"].items() if name != "content"
    }


@pytest.mark.parametrize("high", [True, False])
@pytest.mark.parametrize(
    ("limits", "is_shown"),
    [
        ({"visible_from": iso(NOW)}, True),
        ({"visible_from": iso(NOW + timedelta(microseconds=1))}, False),
        ({"expires_at": iso(NOW + timedelta(microseconds=1))}, True),
        ({"expires_at": iso(NOW)}, False),
        ({"visible_from": iso(NOW - timedelta(days=2)), "expires_at": iso(NOW - timedelta(days=1))}, False),
    ],
)
def test_a_case_is_shown_only_within_its_time(limits: dict[str, str], *, is_shown: bool, high: bool) -> None:
    document = shown(stored(case("a", **limits), case("b")), high=high)
    assert ("OVO000123/a" in document["cases"]) is is_shown
    assert "OVO000123/b" in document["cases"]


def test_a_hidden_case_does_not_show_through_the_time_of_the_last_update() -> None:
    later = iso(NOW + timedelta(days=1))
    hidden = case("a", time="2026-11-24T11:00:00Z", visible_from=later)
    document = shown(stored(hidden, case("b", time="2026-11-19T12:00:00Z")))
    assert document["updated_at"] == "2026-11-19T12:00:00Z"
    assert list(document) == ["party_ref", "epoch", "version", "updated_at", "cases"]
    assert "updated_at" not in shown(stored(hidden))


def test_a_withdrawn_case_stays() -> None:
    withdrawn = {name: value for name, value in case("w").items() if name != "content"}
    document = shown(stored(withdrawn, case("a", sensitivity="confidential")), high=False)
    assert document["cases"]["OVO000123/w"] == withdrawn


def entry(kind: str, hours: float, *, visible_hours: float | None = None) -> dict[str, Any]:
    """An event so many hours before now, to be seen from so many hours before now on."""
    made = {"sequence": 1, "event_id": "e", "time": iso(NOW - timedelta(hours=hours)), "digest": "0" * 8, "kind": kind}
    limit = {} if visible_hours is None else {"visible_from": iso(NOW - timedelta(hours=visible_hours))}
    return made | limit | ({"withdrawn": True} if kind != "retracted" else {})


@pytest.mark.parametrize(
    ("history", "is_shown"),
    [
        ([entry("status-changed", 5), entry("retracted", 4)], True),
        ([entry("status-changed", 5, visible_hours=4.5), entry("retracted", 4)], True),
        ([entry("status-changed", 5, visible_hours=3), entry("retracted", 4)], False),
        ([entry("status-changed", 5, visible_hours=-9), entry("retracted", 4)], False),
        ([entry("status-changed", 5, visible_hours=3), entry("corrected", 4.5), entry("retracted", 4)], True),
        ([entry("status-changed", 5, visible_hours=3), entry("party-removed", 4)], False),
        ([entry("retracted", 4)], True),
    ],
)
def test_a_case_withdrawn_before_it_could_be_seen_leaves_no_trace(
    history: list[dict[str, Any]], *, is_shown: bool
) -> None:
    withdrawn = {name: value for name, value in case("w").items() if name != "content"}
    withdrawn |= {"events": len(history), "history": history}
    document = shown(stored(withdrawn, case("a")))
    assert ("OVO000123/w" in document["cases"]) is is_shown
    dropped = withdrawn | {"events": len(history) + 1}
    assert "OVO000123/w" in shown(stored(dropped))["cases"], "what is no longer known may have been seen"


def test_a_case_whose_time_is_past_is_not_shown() -> None:
    retired = {name: value for name, value in case("r", time="2026-11-24T11:00:00Z").items() if name != "content"}
    document = shown(stored(retired | {"retired": True}, case("a")))
    assert list(document["cases"]) == ["OVO000123/a"]
    assert document["updated_at"] == "2026-11-20T12:00:00Z"


def test_the_test_covers_every_field_of_the_contract() -> None:
    """A field that the contract gets later must be decided upon here."""
    assert FULL_CONTENT.keys() | {"visible_from", "expires_at"} == CaseContent.model_fields.keys()
    assert SHOWN_OF_CONFIDENTIAL.keys() <= CaseContent.model_fields.keys()
    decode(Overview, stored(case("a")))
