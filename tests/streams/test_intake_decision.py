"""What intake makes of one record: accepted for each party, or rejected with reasons that an agency can act on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.streams.case_events import content

from casebus_schemas import (
    AcceptedEvent,
    Citizen,
    Corrected,
    Enterprise,
    LongText,
    PartyRemoved,
    Retracted,
    Role,
    StatusChanged,
    Verdict,
    decode,
    encode,
    encode_event,
    insz_of,
    kbo_of,
    new_event,
    partition_of,
    party_ref,
)
from casebus_streams.intake.decision import Decision, decide
from casebus_streams.intake.fast_door import FastDoor
from casebus_streams.records import InRecord

PEPPER = b"a pepper for tests, thirty-two bytes or more"
AGENCY = "OVO000001"
FAST_DOOR = FastDoor()
CANARY = insz_of("850730033")
PARTNER = insz_of("170730033", born_from_2000=True)


def submitted(value: bytes | None, *, key: bytes | None = b"case-1") -> InRecord:
    return InRecord(f"case-status.submitted.{AGENCY}", 0, 7, key, value, 1_000)


def decided(record: InRecord, *, link_hosts: dict[str, tuple[str, ...]] | None = None) -> Decision:
    return decide(record, agency=AGENCY, fast_door=FAST_DOOR, pepper=PEPPER, partitions=12, link_hosts=link_hosts or {})


def status(**more: Any) -> StatusChanged:
    parties = more.pop("parties", (Citizen(number=CANARY, role=Role.APPLICANT),))
    return StatusChanged(case_id="case-1", parties=parties, **dict(content(**more)))


def value_of(data: StatusChanged | Corrected | Retracted | PartyRemoved, *, agency: str = AGENCY) -> bytes:
    return encode_event(new_event(data, agency=agency, sequence=9, id="event-1"))


def rules(decision: Decision) -> list[tuple[str, str]]:
    assert decision.rejection is not None
    return [(reason.field, reason.rule) for reason in decision.rejection.reasons]


def test_a_valid_event_is_accepted_once_for_each_party_in_its_partition() -> None:
    parties = (
        Citizen(number=CANARY, role=Role.INVOLVED),
        Citizen(number=PARTNER, role=Role.APPLICANT),
        Enterprise(number=kbo_of("04000000"), role=Role.REPRESENTATIVE),
        Citizen(number=CANARY, role=Role.APPLICANT),
    )
    decision = decided(submitted(value_of(status(parties=parties))))
    assert decision.rejection is None
    events = [decode(AcceptedEvent, record.value) for record in decision.accepted]
    assert [event.party_ref for event in events] == [
        party_ref(PEPPER, "citizen", CANARY),
        party_ref(PEPPER, "citizen", PARTNER),
        party_ref(PEPPER, "enterprise", kbo_of("04000000")),
    ]
    assert events[0].roles == (Role.APPLICANT, Role.INVOLVED)
    for record, event in zip(decision.accepted, events, strict=True):
        assert record.key == event.key
        assert record.partition == partition_of(event.party_ref, 12)


@pytest.mark.parametrize(
    "data",
    [
        status(),
        Corrected(**dict(status()), corrects=3, reason=LongText(nl="Verkeerde fase")),
        Retracted(case_id="case-1", parties=status().parties, reason=LongText(nl="Verkeerde persoon")),
        PartyRemoved(case_id="case-1", parties=status().parties),
    ],
    ids=lambda data: type(data).__name__,
)
def test_accepted_records_are_what_the_contract_describes_and_hold_no_number(
    data: StatusChanged | Corrected | Retracted | PartyRemoved,
) -> None:
    [record] = decided(submitted(value_of(data))).accepted
    assert encode(decode(AcceptedEvent, record.value)) == record.value
    assert CANARY.encode() not in record.value
    assert CANARY not in record.key


def test_the_same_event_gives_the_same_bytes_and_other_contents_another_key() -> None:
    event = new_event(status(), agency=AGENCY, sequence=1, id="e")
    changed = event.model_copy(update={"data": status(title="Anders")})
    first, again, other = (decided(submitted(encode_event(one))).accepted[0] for one in (event, event, changed))
    assert again == first
    assert other.key != first.key


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (submitted(None), ("(event)", "event.tombstone")),
        (submitted(value_of(status()), key=None), ("(record key)", "key.case-id")),
        (submitted(value_of(status()), key=b"case-2"), ("(record key)", "key.case-id")),
        (submitted(value_of(status(), agency="OVO000002")), ("source", "source.topic")),
        (submitted(b"\xff\xfe"), ("(event)", "json.syntax")),
        (submitted(b"[" * 1000), ("(event)", "json.depth")),
        (submitted(b" " * 65_537), ("(event)", "event.size")),
        (submitted(b"null"), ("(event)", "value.type")),
    ],
    ids=["tombstone", "null key", "other key", "other agency", "not UTF-8", "deep", "large", "null"],
)
def test_what_breaks_a_rule_goes_back_with_field_and_rule(record: InRecord, expected: tuple[str, str]) -> None:
    decision = decided(record)
    assert decision.accepted == []
    assert rules(decision) == [expected]
    assert decision.rejection is not None
    assert decision.rejection.original == record.value
    assert decision.rejection.position.offset == 7


def test_a_rejection_names_the_event_only_by_what_holds_no_number() -> None:
    event = json.loads(value_of(status()))
    event["id"], event["data"]["sensitivity"] = CANARY, "?"
    rejection = decided(submitted(json.dumps(event).encode())).rejection
    assert rejection is not None
    assert (rejection.event_id, rejection.case_id) == (None, "case-1")


def test_an_unknown_code_is_accepted_with_a_warning() -> None:
    decision = decided(submitted(value_of(status(code="HeelNieuw"))))
    assert len(decision.accepted) == 1
    assert rules(decision) == [("data.status.code", "status.unknown-code")]
    assert decision.rejection is not None
    assert decision.rejection.verdict is Verdict.ACCEPTED_WITH_WARNINGS
    assert decision.rejection.original is None


def test_links_must_be_on_the_agencys_hosts_when_it_has_a_list() -> None:
    event = json.loads(value_of(status()))
    event["data"]["links"] = [{"url": "https://elsewhere.be/x", "label": {"nl": "Naar het loket"}}]
    record = submitted(json.dumps(event).encode())
    assert rules(decided(record, link_hosts={AGENCY: ("loket.be",)})) == [("data.links.0.url", "url.host")]
    assert decided(record, link_hosts={AGENCY: ("elsewhere.be",)}).rejection is None
    assert decided(record).rejection is None
