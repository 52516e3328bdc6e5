"""Retention by a real worker on the real Kafka: cases whose time is past leave the overviews, then the log."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.bus import Bus, by_key
from tests.streams_operations.commands import casebus

from casebus_schemas import (
    CaseContent,
    Citizen,
    Phase,
    Role,
    Sensitivity,
    ShortText,
    Status,
    StatusChanged,
    encode_event,
    insz_of,
    is_clock_key,
    new_event,
)

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

AGENCY = "OVO000001"
SOMEBODY = Citizen(number=insz_of("850730033"), role=Role.APPLICANT)
POLICY = {
    "CASEBUS_STREAMS__RETENTION__DEFAULT__OVERVIEW_AFTER_CLOSED": "P30D",
    "CASEBUS_STREAMS__RETENTION__DEFAULT__LOG_AFTER_CLOSED": "P365D",
    "CASEBUS_STREAMS__RETENTION__CASE_TYPES": '{"permit":{"overview_after_closed":"P3650D"}}',
}


def closed(case_id: str, *, days_ago: int, sequence: int = 1, **more: Any) -> tuple[str, bytes]:
    status = Status(
        phase=more.pop("phase", Phase.COMPLETED),
        code="Afgerond",
        occurred_at=datetime.now(UTC) - timedelta(days=days_ago),
    )
    said = CaseContent(title=ShortText(nl="Zaak"), status=status, sensitivity=Sensitivity.NORMAL, **more)
    data = StatusChanged(case_id=case_id, parties=(SOMEBODY,), **dict(said))
    return case_id, encode_event(new_event(data, agency=AGENCY, sequence=sequence))


def publish(bus: Bus, *events: tuple[str, bytes]) -> None:
    with bus.producer() as producer:
        for case_id, event in events:
            producer.produce(bus.topics.submitted(AGENCY), event, case_id)


def test_cases_leave_after_their_time_and_a_held_one_stays(bus: Bus) -> None:
    bus.make_topics([AGENCY])
    overviews, changes = bus.reader(bus.topics.overviews), bus.reader(bus.topics.changes)
    with bus.run_streams() as worker:
        publish(
            bus,
            closed("recent", days_ago=10),
            closed("over", days_ago=40),
            closed("forgotten", days_ago=400),
            closed("held", days_ago=400, tags=("legal-hold",)),
            closed("permit", days_ago=400, case_type="permit"),
            closed("expired", days_ago=1, phase=Phase.HANDLING, expires_at=datetime.now(UTC) - timedelta(days=2)),
            closed("open", days_ago=400, phase=Phase.HANDLING),
        )
        changes.read_until(lambda read: len(read) >= 7, alive=worker.check)

    with bus.run_streams(**POLICY) as worker:
        [(party_ref, _)] = by_key(overviews.read_to_end()).items()
        overviews.read_until(lambda read: b'"retired"' in (by_key(read)[party_ref]), alive=worker.check)
        cases = json.loads(by_key(overviews.messages)[party_ref])["cases"]
        assert {name.partition("/")[2]: case.get("retired", False) for name, case in cases.items()} == {
            "recent": False,
            "over": True,
            "held": False,
            "permit": False,
            "expired": True,
            "open": False,
        }
        assert "content" not in cases[f"{AGENCY}/over"]

        publish(bus, closed("over", days_ago=39, sequence=2), closed("over", days_ago=1, sequence=3))
        publish(bus, closed("forgotten", days_ago=400))
        changes.read_until(lambda read: len(read) >= 9, alive=worker.check)
        kinds = [json.loads(message.value() or b"")["kind"] for message in changes.messages[7:]]
        assert kinds == ["history-amended", "case-added"], "still past its time; then shown again"
        bus.wait_until_caught_up("overviews", bus.topics.accepted)
        verified = casebus(bus, "verify", "--json")
        assert (verified.code, verified.report["differences"]) == (0, []), verified.out
        rebuilt = casebus(bus, "rebuild", "--json")
        assert (rebuilt.code, rebuilt.report["switched"], rebuilt.report["different"]) == (0, True, 0), rebuilt.out
        assert len(changes.read_more(0.5)) == 9

    log = by_key(bus.reader(bus.topics.accepted).read_to_end())
    assert sum(is_clock_key(key) for key in log) >= 4, "one for each partition"
    forgotten = [value for key, value in log.items() if f"/{AGENCY}/forgotten/" in key]
    assert forgotten
    assert set(forgotten) == {b""}
