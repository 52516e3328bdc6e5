"""The test kit that agencies get: recorder, examples, remarks, preview, plug-in."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace

import pytest

from casebus_producers import DeliveryError
from casebus_producers.testing import (
    CAPABILITIES,
    AsyncRecordingProducer,
    RecordingProducer,
    Shown,
    example_case,
    example_citizen,
    example_event,
    example_life,
    preview,
    remarks,
)
from casebus_schemas import Outcome, RollUp, decode_event, encode_event, is_insz

pytest_plugins = ["pytester"]


def test_examples_are_valid_and_the_same_each_time() -> None:
    events = [example_event(), *example_life()]
    assert [decode_event(encode_event(event)) for event in events] == events
    assert events == [example_event(), *example_life()]
    assert is_insz(example_citizen())
    assert example_citizen("a") != example_citizen("b")
    assert 90 <= int(example_citizen()[2:4]) <= 99, "a month that no register hands out"


def test_the_recorder_tells_what_arrived() -> None:
    with RecordingProducer() as producer:
        producer.assert_nothing_published()
        producer.publish_many(example_life())
        producer.assert_in_order()
        assert producer.assert_published(case_id="EXAMPLE-1", code="DossierOnvolledig", times=1).sequence == 2
        assert producer.assert_published(case_id="EXAMPLE-1", times=7).sequence == 7
        with pytest.raises(AssertionError, match=r"found 0; published: EXAMPLE-1 Ingediend, .*party-removed"):
            producer.assert_published(case_id="EXAMPLE-1", code="Betaald")
        with pytest.raises(AssertionError, match="published: EXAMPLE-1"):
            producer.assert_nothing_published()


def test_the_recorder_finds_what_an_agency_does_wrong() -> None:
    with RecordingProducer() as producer:
        producer.publish(example_event(sequence=2))
        producer.publish(example_event(sequence=2))  # a repetition is no fault
        producer.assert_in_order()
        producer.publish(example_event(sequence=1))
        with pytest.raises(AssertionError, match="sequence 1 came after 2"):
            producer.assert_in_order()
    with RecordingProducer() as producer:
        producer.publish(example_event(sequence=1))
        producer.publish(example_event(sequence=2).model_copy(update={"id": example_event(sequence=1).id}))
        with pytest.raises(AssertionError, match="used for two events"):
            producer.assert_in_order()


def test_failures_can_be_had_at_will() -> None:
    with RecordingProducer() as producer:
        producer.kafka.fail_next(1)
        handles = [producer.publish(example_event(sequence=sequence)) for sequence in (1, 2)]
        assert [handle.error is None for handle in handles] == [False, True]
        assert [event.sequence for event in producer.events] == [2]


def test_the_asyncio_recorder_records() -> None:
    async def publish() -> AsyncRecordingProducer:
        async with AsyncRecordingProducer() as producer:
            await (await producer.publish(example_event()))
            producer.kafka.go_away()
            await producer.publish(example_event(sequence=2))
            with pytest.raises(DeliveryError):
                await producer.close(0)
        return producer

    asyncio.run(publish()).assert_published(case_id="EXAMPLE-1", times=1)


def test_an_example_life_shows_what_it_says() -> None:
    shown = Shown()
    for event in example_life():
        shown.add(event)
    assert (shown.events, shown.cases, shown.unknown_codes) == (7, {"EXAMPLE-1"}, {})
    expected = {"action with a deadline", "decision with its outcome", "several parties", "correction"}
    assert expected | {"access that ends", "phase completed", "language nl"} <= CAPABILITIES.keys() - shown.missing
    assert {"retraction", "suspension", "phase appeal", "language fr", "trace"} <= set(shown.missing)


def test_remarks_name_field_and_check_but_no_text() -> None:
    text = "KIJK OP https://x.example EN BEL 12345678901 VOOR {naam}"
    case = replace(example_case(), title={"nl": "Een titel " * 9, "fr": "Un titre"})
    event = case.decided(Outcome.GRANTED, sequence=1, text=text, summary="woord " * 26)
    found = [(remark.field, remark.check) for remark in remarks(event)]
    assert found == [
        ("data.title.nl", "title.length"),
        ("data.summary.nl", "sentence.length"),
        ("data.result.text.nl", "text.url"),
        ("data.result.text.nl", "text.eleven-digits"),
        ("data.result.text.nl", "text.placeholder"),
        ("data.summary", "language.partial"),
        ("data.result.text", "language.partial"),
    ]
    assert not any("naam" in str(remark) or "12345678901" in str(remark) for remark in remarks(event))
    assert [remark.check for remark in remarks(case.received(sequence=1, summary="SNEL ANTWOORD"))][
        1
    ] == "text.capitals"


def test_a_text_in_another_language_is_noticed() -> None:
    case = example_case()
    french = case.received(sequence=1, summary="Nous examinons votre demande et les documents dans un mois")
    assert [(remark.check, remark.advice) for remark in remarks(french)] == [
        ("language.other", "reads as fr, not as nl")
    ]
    right = case.received(
        sequence=1,
        summary={
            "nl": "Wij bekijken uw aanvraag en de documenten",
            "fr": "Nous examinons votre demande et les documents",
            "de": "Wir prüfen ihren Antrag und die Unterlagen",
            "en": "We are looking at your application and the documents",
        },
    )
    assert list(remarks(right)) == []


def test_good_texts_give_no_remark() -> None:
    assert [remark for event in example_life() for remark in remarks(event)] == []


def test_a_preview_shows_each_step_of_a_case() -> None:
    events = list(example_life())
    words = [preview(events[:count])[0].word for count in range(1, 8)]
    assert words == [
        RollUp.RECEIVED,
        RollUp.ACTION_NEEDED,
        RollUp.IN_PROGRESS,
        RollUp.IN_PROGRESS,
        RollUp.DECIDED,
        RollUp.DECIDED,
        RollUp.CLOSED,
    ]
    assert [preview(events[:count])[0].outcome for count in (5, 6)] == ["refused", "granted"]
    assert preview(reversed(events)) == preview(events), "the order of arrival does not matter"
    [asked] = preview(events[:2])
    assert asked.lines() == [
        "Voorbeeldpremie  [Actie nodig]  since 2026-03-03",
        "-> Bezorg ons een factuur (before 2026-03-08 09:00 UTC)",
    ]
    assert preview(events[:1], "fr")[0].label == "Reçu"


def test_a_retracted_case_comes_back_with_a_later_status() -> None:
    case = example_case()
    events = [case.received(sequence=1), case.retracted(sequence=2), case.received(sequence=3)]
    assert [preview(events[:count])[0].word for count in (1, 2, 3)] == [
        RollUp.RECEIVED,
        RollUp.WITHDRAWN,
        RollUp.RECEIVED,
    ]


def test_the_plug_in_gives_a_recorder_and_fails_what_was_not_delivered(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from casebus_producers.testing import example_event

        def test_arrives(case_status_producer):
            case_status_producer.publish(example_event())
            case_status_producer.assert_published(case_id="EXAMPLE-1")

        def test_is_left_behind(case_status_producer):
            case_status_producer.kafka.fail_next()
            case_status_producer.publish(example_event())
        """
    )
    outcome = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    outcome.assert_outcomes(passed=2, errors=1)
    outcome.stdout.fnmatch_lines(["*DeliveryError: 1 events not delivered*"])


def test_the_test_kit_needs_no_pytest() -> None:
    program = "import sys; sys.modules['pytest'] = None; import casebus_producers.testing"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
