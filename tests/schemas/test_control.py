"""Control records: their keys are none that an event could have, and their policies say what they mean."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from pydantic import ValidationError
from tests.streams.case_events import PARTY_REF, changed

from casebus_schemas import (
    CaseRetention,
    Clock,
    Erased,
    Merged,
    RetentionPolicy,
    UndecodableError,
    clock_key,
    decode_control,
    encode,
    erased_key,
    is_clock_key,
    is_control_key,
    merged_key,
    new_clock,
)

DAY = date(2026, 11, 28)
POLICY = RetentionPolicy(
    default=CaseRetention(overview_after_closed=timedelta(days=365)),
    case_types={"permit": CaseRetention(overview_after_closed=timedelta(days=30), log_after_closed=timedelta(days=99))},
)


@pytest.mark.parametrize("key", [erased_key(PARTY_REF, "x-1"), merged_key(PARTY_REF), clock_key(3, DAY)])
def test_a_control_record_is_known_by_its_key(key: str) -> None:
    assert is_control_key(key)
    assert is_control_key(key.encode())
    assert is_clock_key(key) == is_clock_key(key.encode()) == ("clock" in key)


@pytest.mark.parametrize("case_id", ["a", "!merged", "x/!merged"])
def test_no_event_has_such_a_key(case_id: str) -> None:
    event = changed(1).model_copy(update={"case_id": case_id})
    assert not is_control_key(event.key)
    assert not is_control_key(event.key.encode())


@pytest.mark.parametrize(
    "record",
    [
        Erased(party_ref=PARTY_REF, erasure_id="x", at=new_clock(DAY, POLICY).at),
        Merged(party_ref=PARTY_REF, into="p1." + "B" * 22, merge_id="m", at=new_clock(DAY, POLICY).at),
        new_clock(DAY, POLICY),
    ],
)
def test_what_is_written_is_read_again(record: Erased | Merged | Clock) -> None:
    assert decode_control(encode(record)) == record


def test_a_clock_record_carries_the_policy_in_days() -> None:
    assert b'"overview_after_closed":"P365D"' in encode(new_clock(DAY, POLICY))
    assert encode(new_clock(DAY, POLICY)).startswith(b'{"control":"clock","at":"2026-11-28T00:00:00Z"')


@pytest.mark.parametrize("value", [b"", b"{}", b'{"control":"paused"}', encode(changed(1))])
def test_anything_else_is_undecodable_and_the_error_holds_no_value(value: bytes) -> None:
    with pytest.raises(UndecodableError) as caught:
        decode_control(value)
    assert PARTY_REF not in str(caught.value)


@pytest.mark.parametrize("duration", ["P1Y", "P1M", "PT24H", "P0D", "P99999D", "365", 99])
def test_a_duration_is_in_whole_days(duration: object) -> None:
    with pytest.raises(ValidationError):
        CaseRetention.model_validate({"overview_after_closed": duration})


def test_the_log_never_forgets_what_the_overview_still_shows() -> None:
    for retention in ({"log_after_closed": "P9D"}, {"log_after_closed": "P9D", "overview_after_closed": "P10D"}):
        with pytest.raises(ValidationError, match="log_after_closed"):
            CaseRetention.model_validate(retention)


def test_a_case_type_of_its_own_and_the_default_for_all_others() -> None:
    assert POLICY.of("permit").log_after_closed == timedelta(days=99)
    assert POLICY.of("other") == POLICY.of(None) == POLICY.default
