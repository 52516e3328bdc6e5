"""The moves of a case, and the sequences of agencies that keep none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.producers.cases import AGENCY, CANARY

from casebus_producers import Case, sequence_after, sequence_of, sequences_of
from casebus_producers.testing import RecordingProducer
from casebus_schemas import (
    CaseEvent,
    Enterprise,
    InvalidEventError,
    LongText,
    Outcome,
    Phase,
    Role,
    RollUp,
    StatusChanged,
    decode_event,
    encode_event,
    kbo_of,
    known_codes,
    roll_up,
)

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
CASE = Case(agency=AGENCY, case_id="2026/000124", title="Renovatiepremie", citizen=CANARY, system="premies")

MOVES: list[tuple[CaseEvent, RollUp]] = [
    (CASE.received(sequence=1), RollUp.RECEIVED),
    (CASE.in_progress(sequence=2), RollUp.IN_PROGRESS),
    (CASE.action_needed("Bezorg een bewijs", sequence=3, due_at=AT, url="https://x.example"), RollUp.ACTION_NEEDED),
    (CASE.decided(Outcome.GRANTED, sequence=4, text="Toegekend", reference="B-1"), RollUp.DECIDED),
    (CASE.closed(sequence=5), RollUp.CLOSED),
]


@pytest.mark.parametrize(("event", "word"), MOVES, ids=[word for _, word in MOVES])
def test_a_move_says_what_the_citizen_will_see(event: CaseEvent, word: RollUp) -> None:
    assert decode_event(encode_event(event)) == event
    data = event.data
    assert isinstance(data, StatusChanged)
    seen = roll_up(
        data.status.phase, data.status.code, final=False, awaits_party=data.action is not None, suspended=False
    )
    assert seen == word
    assert data.status.code in known_codes()
    assert data.title.nl == "Renovatiepremie"
    assert (event.source, event.subject) == (f"urn:be:vlaanderen:ovo:{AGENCY}:premies", "2026/000124")


@pytest.mark.parametrize("outcome", Outcome)
def test_a_decision_has_the_code_of_its_outcome(outcome: Outcome) -> None:
    data = CASE.decided(outcome, sequence=1).data
    assert isinstance(data, StatusChanged)
    assert data.result is not None
    assert data.result.outcome == outcome
    assert data.status.code in known_codes()


def test_the_same_move_is_the_same_event_to_the_byte() -> None:
    assert encode_event(CASE.received(sequence=1, at=AT)) == encode_event(CASE.received(sequence=1, at=AT))
    ids = {
        CASE.received(sequence=1).id,
        CASE.received(sequence=2).id,
        replace(CASE, system=None).received(sequence=1).id,
    }
    assert len(ids) == 3


def test_corrections_and_withdrawals() -> None:
    enterprise = Enterprise(number=kbo_of("00000001"), role=Role.REPRESENTATIVE)
    right = replace(CASE, title={"nl": "Verbouwingspremie", "fr": "Prime"}).received(sequence=1, at=AT)
    with RecordingProducer(agency=AGENCY) as producer:
        producer.publish(CASE.received(sequence=1, at=AT))
        producer.publish(CASE.corrected(1, right, sequence=2, reason="Verkeerde titel"))
        producer.publish(CASE.party_removed(enterprise, sequence=3))
        producer.publish(CASE.retracted(sequence=4, reason={"nl": "Verkeerd dossier"}))
        producer.assert_in_order()
    corrected, removed, retracted = [event.data.model_dump(exclude_none=True) for event in producer.events[1:]]
    assert (corrected["corrects"], corrected["title"]) == (1, {"nl": "Verbouwingspremie", "fr": "Prime"})
    assert corrected["reason"] == LongText(nl="Verkeerde titel").model_dump(exclude_none=True)
    assert [party["kind"] for party in removed["parties"]] == ["enterprise"]
    assert retracted["reason"] == {"nl": "Verkeerd dossier"}


def test_a_correction_of_what_is_no_status_is_refused() -> None:
    with pytest.raises(TypeError, match="is a status"):
        CASE.corrected(1, CASE.retracted(sequence=1), sequence=2)


def test_what_breaks_the_contract_is_named_without_its_value() -> None:
    wrong_number = replace(CASE, citizen=CANARY[:-2] + "00")
    faults: list[tuple[Callable[[], CaseEvent], str]] = [
        (lambda: wrong_number.received(sequence=1), "number"),
        (lambda: CASE.received(sequence=0), "sequence"),
        (lambda: CASE.received(sequence=1, at=datetime(2026, 1, 1)), "occurred_at"),  # noqa: DTZ001 it is the fault
        (lambda: replace(CASE, title={"fr": "Prime"}).received(sequence=1), "nl"),
        (lambda: CASE.status(Phase.APPEAL, "not a code", sequence=1), "code"),
    ]
    for make, field in faults:
        with pytest.raises(InvalidEventError) as refusal:
            make()
        assert [reason.field for reason in refusal.value.reasons] == [field]
        assert CANARY[:-2] not in str(refusal.value)
        assert refusal.value.__context__ is None
    assert CANARY not in repr(CASE)


MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 as wanted


@given(st.lists(MOMENTS))
def test_sequences_rise_whatever_the_clock_does(moments: list[datetime]) -> None:
    sequences = list(sequences_of(moments))
    assert all(earlier < later for earlier, later in pairwise(sequences))
    assert all(0 < sequence < 10**18 for sequence in sequences)
    assert list(sequences_of(moments[:-1])) == sequences[: max(len(moments) - 1, 0)], "a later change alters none"


def test_a_sequence_needs_no_state_while_moments_differ() -> None:
    moments = [AT, AT + timedelta(seconds=1), AT + timedelta(days=1)]
    assert list(sequences_of(moments)) == [sequence_of(moment) for moment in moments]
    assert sequence_of(AT) == 1_772_366_400_000_000


def test_equal_moments_and_a_clock_that_was_put_back_go_on_from_the_last() -> None:
    first = sequence_of(AT)
    assert list(sequences_of([AT, AT, AT - timedelta(hours=1)])) == [first, first + 1, first + 2]
    assert sequence_after(None, AT) == first


@pytest.mark.parametrize(
    ("moment", "rule"),
    [(datetime(2026, 1, 1), "time.form"), (datetime(1969, 1, 1, tzinfo=UTC), "sequence.form")],  # noqa: DTZ001 the fault
)
def test_a_moment_that_gives_no_sequence_is_refused(moment: datetime, rule: str) -> None:
    with pytest.raises(InvalidEventError) as refusal:
        sequence_of(moment)
    assert [reason.rule for reason in refusal.value.reasons] == [rule]
