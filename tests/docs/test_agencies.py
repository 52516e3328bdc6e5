"""The tables of the pages for agencies say what the SDK has: nothing is missing in them, and nothing made up."""

from __future__ import annotations

import re
from inspect import getmembers, isfunction

import pytest
from prometheus_client import CollectorRegistry
from tests.docs.code_names import PRODUCERS
from tests.docs.pages import Page, codes, page

import casebus_producers
from casebus_producers import Case, CaseStatusProducer, ProducerError, ProducerMetrics
from casebus_producers.testing import RecordingProducer, example_case, preview
from casebus_producers.testing.recording import Recorded
from casebus_schemas import CaseEvent, InvalidEventError, Outcome

pytest_plugins = ["pytester"]

FIRST, ERRORS, TESTING = (page(f"agencies/{name}.md") for name in ("first-event", "errors", "testing"))


def test_errors_and_what_to_do() -> None:
    public = [getattr(casebus_producers, name) for name in casebus_producers.__all__]
    errors = [value for value in public if isinstance(value, type) and issubclass(value, ProducerError)]
    expected = {error.__name__: (error.__doc__ or "").partition(":")[0].lower() for error in errors}
    del expected[ProducerError.__name__]
    expected[InvalidEventError.__name__] = "fix"
    assert dict(zip(ERRORS.column("Errors"), ERRORS.column("Errors", 1), strict=True)) == expected
    assert set(expected.values()) == {"fix", "retry", "stop"}


def test_moves() -> None:
    moves = {name for name, _ in getmembers(Case, isfunction) if not name.startswith("_")}
    assert set(FIRST.column("The moves of a case")) == moves


@pytest.mark.parametrize(
    ("move", "event"),
    [
        ("received", example_case().received(sequence=1)),
        ("in_progress", example_case().in_progress(sequence=1)),
        ("action_needed", example_case().action_needed("x", sequence=1)),
        ("decided", example_case().decided(Outcome.GRANTED, sequence=1)),
        ("closed", example_case().closed(sequence=1)),
    ],
)
def test_words_of_the_moves(move: str, event: CaseEvent) -> None:
    shown = dict(FIRST.table("The moves of a case"))
    assert shown[f"`{move}`"] == f"`{preview([event])[0].word}`"


def test_metrics() -> None:
    registry = CollectorRegistry()
    producer = RecordingProducer(metrics=ProducerMetrics(registry))
    producer.close()
    samples = [sample for metric in registry.collect() for sample in metric.samples]
    labels = {sample.name: set(sample.labels) for sample in samples}
    shown = {row[0].strip("`"): codes(row[1]) for row in FIRST.table("Traces and metrics")}
    assert shown == labels
    outcomes = {sample.labels["outcome"] for sample in samples if "outcome" in sample.labels}
    assert codes(FIRST.table("Traces and metrics")[0][2]) == outcomes


def test_settings_of_an_outage() -> None:
    settings = casebus_producers.PublishSettings()
    shown = dict(re.findall(r"`CASEBUS_PUBLISH__(\w+)` \((\d+)\)", FIRST.section("When Kafka is away")))
    assert shown == {name: f"{getattr(settings, name.lower()):g}" for name in shown}
    assert len(shown) == 4


def test_what_the_recorder_offers() -> None:
    named = {
        name
        for cell in TESTING.column("In your own tests")
        for name in re.findall(r"(?:kafka\.)?(\w+)(?:\(|`|$)", cell)
    }
    own = {name for name in vars(Recorded) if not name.startswith("_")}
    assert own <= named
    known = own | {"go_away", "come_back", "fail_next", "records"}
    assert named <= known
    assert issubclass(RecordingProducer, CaseStatusProducer)


def test_the_test_of_the_page_passes(pytester: pytest.Pytester) -> None:
    [shown] = TESTING.snippets("py")
    code = TESTING.snippets("python")[0].text
    case = "from casebus_producers.testing import example_case\n\ncase = example_case()\n"
    pytester.makepyfile(f"{code}\n{case}\n{shown.text}")
    outcome = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    outcome.assert_outcomes(passed=1)


def test_examples() -> None:
    offered = {name for name in casebus_producers.testing.__all__ if name.startswith("example_")}
    assert {name.partition("(")[0] for name in TESTING.column("Examples")} == offered


def test_checks_of_texts() -> None:
    source = (PRODUCERS / "testing" / "text_lint.py").read_text(encoding="utf-8")
    checks = set(re.findall(r'"((?:text|title|sentence|language)\.[a-z-]+)"', source))
    assert set(TESTING.column("A file of events")) == checks


def test_a_table_that_rots_is_found() -> None:
    rotten = Page(ERRORS.path, ERRORS.text.replace("| `ClosedError` | fix |", "| `ClosedError` | retry |"))
    assert rotten.column("Errors", 1) != ERRORS.column("Errors", 1)
