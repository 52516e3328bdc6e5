"""The pure parts of an erasure: aliases, traces, receipts, when bytes are gone."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest

from casebus_schemas import PartyKind, insz_of
from casebus_streams.erasure.aliases import connected
from casebus_streams.erasure.broker_topics import BrokerTopic
from casebus_streams.erasure.receipt import ReceiptError, checked_receipt, signed_receipt
from casebus_streams.erasure.report import Deletion, ErasureReport
from casebus_streams.erasure.subject import Subject, subject_of_number, subject_of_ref
from casebus_streams.erasure.traces import Traces
from casebus_streams.errors import StopError

REF = "p1.AAAAAAAAAAAAAAAAAAAAAA"
NUMBER = insz_of("850730303")
DAY_MS = 86_400_000


@pytest.mark.parametrize("asked_for", "abcd")
def test_all_pseudonyms_of_a_party_are_found_from_any_of_them(asked_for: str) -> None:
    merged = {("a", "b"), ("b", "c"), ("d", "c"), ("x", "y")}
    found = connected(asked_for, merged)
    assert found[0] == asked_for, "where an erasure that did not end is looked for"
    assert set(found) == set("abcd")


def test_a_party_without_aliases_is_alone() -> None:
    assert connected("a", {("x", "y")}) == ("a",)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (f"{REF}/OVO000001/c/1/e/00000000".encode(), None),
        (b"c", json.dumps({"number": NUMBER}).encode()),
        (b"c", b'{"number": "' + "".join(f"\\u003{digit}" for digit in NUMBER).encode() + b'"}'),
        (None, json.dumps({"moved_from": REF}).encode()),
        (None, json.dumps({"original": base64.b64encode(NUMBER.encode()).decode()}, separators=(",", ":")).encode()),
        (None, json.dumps({"key": base64.b64encode(REF.encode()).decode()}, separators=(",", ":")).encode()),
    ],
)
def test_a_party_is_found_however_it_is_written(key: bytes | None, value: bytes | None) -> None:
    traces = Traces(Subject((REF,), NUMBER))
    assert traces.in_record(key, value)
    assert not Traces(Subject((REF.replace("A", "B"),))).in_record(key, value)


def test_a_record_that_is_no_json_is_looked_through_too() -> None:
    traces = Traces(Subject((REF,), NUMBER))
    assert traces.in_record(None, b'\xff"original":"' + REF.encode())
    assert not traces.in_record(None, b'\xff"original":"AAA"\\u00')
    assert traces.in_record(None, None, [("ref", REF.encode())])


def topic(**settings: int) -> BrokerTopic:
    standard = {"retention_ms": 30, "segment_ms": 7, "compaction_lag_ms": 7, "tombstone_ms": 7}
    days = {name: number * DAY_MS for name, number in (standard | settings).items() if name != "is_compacted"}
    return BrokerTopic("t", 1, is_compacted=bool(settings.get("is_compacted")), **days)


def test_bytes_are_gone_when_the_settings_say() -> None:
    at = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)
    assert topic().gone_by(at) == datetime(2026, 2, 7, tzinfo=UTC)
    assert topic(is_compacted=1).gone_by(at) == datetime(2026, 1, 15, tzinfo=UTC)
    assert topic(retention_ms=-1).gone_by(at) is None
    assert topic(is_compacted=1, compaction_lag_ms=10**11).gone_by(at) is None


def test_a_receipt_is_bound_to_its_key_its_words_and_its_subject() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    report = ErasureReport("e1", now, 1, [Deletion("t", 3)], ended_at=now)
    key, subject = b"k" * 32, Subject((REF,), NUMBER)
    receipt = signed_receipt(report, subject, key, ticket="T-1", audit_entry=None)
    text = json.dumps(receipt, indent=4).encode()
    assert NUMBER not in text.decode()
    assert REF not in text.decode()
    assert checked_receipt(text, subject, key)["deleted"][0]["deleted"] == 3
    for changed, other_key, other in (
        (text.replace(b"T-1", b"T-2"), key, subject),
        (text, b"l" * 32, subject),
        (text, key, Subject((REF.replace("A", "B"),))),
        (b"{}", key, subject),
        (b"[]", key, subject),
        (b"no JSON", key, subject),
    ):
        with pytest.raises(ReceiptError):
            checked_receipt(changed, other, other_key)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (PartyKind.CITIZEN, f"{NUMBER[:2]}.{NUMBER[2:4]}.{NUMBER[4:6]}-{NUMBER[6:9]}.{NUMBER[9:]}\n"),
        (PartyKind.ENTERPRISE, "BE 0206.731.645"),
        (PartyKind.ASSOCIATION, "V0000001\n"),
    ],
)
def test_a_number_is_taken_as_people_write_it(kind: PartyKind, text: str) -> None:
    subject = subject_of_number(text, kind, b"p" * 32)
    assert subject.party_refs[0].startswith("p1.")
    assert str(subject.number) not in repr(subject)


@pytest.mark.parametrize("kind", list(PartyKind))
def test_what_is_no_number_is_refused_without_being_told(kind: PartyKind) -> None:
    with pytest.raises(StopError) as refused:
        subject_of_number("85073000000", kind, b"p" * 32)
    assert "85073000000" not in str(refused.value)
    with pytest.raises(StopError):
        subject_of_ref(NUMBER)
