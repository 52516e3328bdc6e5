"""Which spans there are, and how their ids come about; without Kafka."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

import pytest
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision, TraceIdRatioBased
from tests.notifier.test_rendering import item
from tests.notifier.worlds import NOON
from tests.operations.collector import Collector

from casebus_consumers.notifier.attempts import Claimed
from casebus_consumers.notifier.errors import ProviderDownError
from casebus_consumers.notifier.notice import Notice
from casebus_consumers.notifier.send_spans import SendSpans
from casebus_local.ports import free_port
from casebus_local.waiting import wait_until
from casebus_producers.settings import TracingSettings
from casebus_producers.tracing import BusSpan, SpanKind, TraceContext, open_tracer
from casebus_producers.tracing.otlp import CLOSE_SECONDS, CLOSING_THREAD, QUEUE_SPANS
from casebus_producers.tracing.steps import overviews_step, plan_step
from casebus_schemas import ChannelKind
from casebus_streams.overviews.outcome import OverviewsOutcome
from casebus_streams.records import InRecord, OutRecord
from casebus_streams.tracing.overviews_spans import OverviewsSpans
from casebus_streams.tracing.traced_stage import TracedStage

TRACED = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
ORIGIN = TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")


@dataclass
class Kept:
    """A tracer that keeps what it gets."""

    spans: list[BusSpan] = field(default_factory=list)

    def followed(self, traceparent: str | None) -> TraceContext | None:
        return TraceContext.sampled(traceparent)

    def emit(self, span: BusSpan) -> None:
        self.spans.append(span)

    def close(self) -> None:
        """Nothing to close."""


def a_span(number: int = 1) -> BusSpan:
    now = time.time_ns()
    return BusSpan("x", SpanKind.CONSUMER, ORIGIN.step("x", str(number)), ORIGIN, now - 10, now, {"casebus.step": "x"})


@pytest.mark.parametrize(
    "traceparent",
    [
        None,
        "",
        TRACED[:-1] + "0",
        TRACED[:-1] + "2",
        TRACED.upper(),
        TRACED + "-more",
        "ff" + TRACED[2:],
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-4bf92f3577b34da6a3ce929d0e0e4736-{'0' * 16}-01",
    ],
)
def test_a_trace_that_is_malformed_or_not_recorded_is_not_followed(traceparent: str | None) -> None:
    assert TraceContext.sampled(traceparent) is None


def test_flags_beside_the_one_for_recorded_do_not_matter() -> None:
    assert TraceContext.sampled(TRACED[:-1] + "3") == ORIGIN
    assert ORIGIN.traceparent == TRACED


def test_a_share_takes_the_traces_that_opentelemetry_s_own_sampler_takes() -> None:
    made = RandomIdGenerator()
    for share in (0.0, 0.01, 0.3, 1.0):
        sampler = TraceIdRatioBased(share)
        for number in (made.generate_trace_id() for _ in range(500)):
            theirs = sampler.should_sample(None, number, "x").decision is Decision.RECORD_AND_SAMPLE
            assert TraceContext(f"{number:032x}", "00f067aa0ba902b7").is_within(share) == theirs


def test_a_step_s_id_follows_from_trace_caller_step_and_subject_alone() -> None:
    other = TraceContext(ORIGIN.trace_id, "00f067aa0ba902b8")
    steps = [ORIGIN.step("a", "1"), ORIGIN.step("a", "2"), ORIGIN.step("b", "1"), other.step("a", "1")]
    assert len(set(steps)) == 4
    assert ORIGIN.step("a", "1") == steps[0]


class TwoTries:
    """A stage that decides; what of it is committed is up to the test."""

    name = "stage"

    def is_due(self) -> bool:
        return False

    def decide(self, batch: list[InRecord]) -> OverviewsOutcome:
        return OverviewsOutcome()

    def committed(self, outcome: OverviewsOutcome) -> None:
        """Nothing to remember."""

    def assigned(self, partitions: list[tuple[str, int]]) -> None:
        """Nothing."""

    def revoked(self, partitions: list[tuple[str, int]]) -> None:
        """Nothing."""

    def out_of_range(self, partition: tuple[str, int]) -> None:
        """Nothing."""


class OneEach:
    """A span for each record."""

    def prepare(self, batch: list[InRecord], outcome: OverviewsOutcome) -> None:
        """Nothing."""

    def spans(
        self, batch: list[InRecord], outcome: OverviewsOutcome, started_ns: int, ended_ns: int
    ) -> Iterator[BusSpan]:
        for record in batch:
            yield replace(a_span(record.offset), started_ns=started_ns, ended_ns=ended_ns)


def accepted(party: str, offset: int, traceparent: str | None = TRACED) -> InRecord:
    """Only what the header needs: nothing decodes it."""
    traced = "" if traceparent is None else f',"traceparent":"{traceparent}"'
    return InRecord("accepted", 0, offset, f"{party}/{offset}".encode(), f'{{"x":1{traced}}}'.encode(), 0)


def test_an_aborted_batch_leaves_no_spans_and_its_repetition_one_for_each_record() -> None:
    tracer = Kept()
    stage = TracedStage(TwoTries(), OneEach(), tracer)
    stage.decide([accepted("p", 1)])
    assert tracer.spans == []
    stage.committed(stage.decide([accepted("p", 1), accepted("p", 2)]))
    assert [span.context for span in tracer.spans] == [ORIGIN.step("x", "1"), ORIGIN.step("x", "2")]
    assert all(span.started_ns <= span.ended_ns for span in tracer.spans)


def written(*batch: InRecord) -> list[OutRecord]:
    records = [OutRecord(topic, 0, party, b"{}", 0) for party in ("p", "q") for topic in ("changes", "overviews")]
    outcome = OverviewsOutcome(records=iter([*records, OutRecord("overviews", 0, "r", None, 0)]))
    OverviewsSpans(Kept(), "overviews").prepare(list(batch), outcome)
    return list(outcome.records)


def test_an_overview_names_each_traced_event_that_it_is_new_with_and_nothing_else_does() -> None:
    changes, overview, *others = written(accepted("p", 1), accepted("p", 2), accepted("q", 3, None), accepted("r", 4))
    steps = [overviews_step(ORIGIN, key).traceparent.encode() for key in ("p/1", "p/2")]
    assert overview.headers == [("traceparent", step) for step in steps]
    assert [record.headers for record in (changes, *others)] == [None] * 4


def a_claim(*traceparents: str | None) -> Claimed:
    """A message of one notice for each."""
    items = [item(None, number=number) for number, _ in enumerate(traceparents, 1)]
    traced = [
        replace(each, notice=replace(each.notice, traceparent=traceparent))
        for each, traceparent in zip(items, traceparents, strict=True)
    ]
    until = NOON + timedelta(hours=1)
    return Claimed(UUID(int=1), ChannelKind.EMAIL, "an@example.org", "nl", NOON, until, 7, failures=2, items=traced)


def planned(notice: Notice, traceparent: str) -> TraceContext:
    origin = TraceContext.sampled(traceparent)
    assert origin is not None
    return plan_step(origin, **notice.case._asdict(), sequence=notice.sequence, event_id=notice.event_id)


def test_a_digest_s_span_is_in_the_first_notice_s_trace_and_linked_to_the_others() -> None:
    tracer, other = Kept(), TRACED.replace("4bf9", "5bf9")
    claimed = a_claim(None, TRACED, other)
    with SendSpans(tracer).around(claimed) as context:
        assert context is not None
    [span] = tracer.spans
    first, second = (planned(each.notice, told) for each, told in zip(claimed.items[1:], (TRACED, other), strict=True))
    assert (span.context, span.parent, span.links, span.error) == (context, first, (second,), None)
    assert (span.attributes["casebus.notices"], span.attributes["casebus.attempt"]) == (3, 3)
    assert "an@example.org" not in str(span)


def test_an_attempt_that_fails_says_so_and_the_error_passes() -> None:
    tracer = Kept()
    with pytest.raises(ProviderDownError), SendSpans(tracer).around(a_claim(TRACED)):
        raise ProviderDownError("timeout")
    assert [span.error for span in tracer.spans] == ["timeout"]


def test_a_message_of_untraced_notices_has_no_span_and_keeps_what_it_names() -> None:
    tracer = Kept()
    with SendSpans(tracer).around(a_claim(None, TRACED[:-1] + "0")) as context:
        assert context is None
    with SendSpans(None).around(a_claim(TRACED)) as context:
        assert context is None
    assert tracer.spans == []


def test_what_was_emitted_is_sent_before_the_tracer_is_closed_in_as_few_requests_as_can_be() -> None:
    with Collector() as collector:
        tracer = open_tracer(TracingSettings(endpoint=collector.endpoint), "tests")
        assert tracer is not None
        emitted = [a_span(number) for number in range(300)]
        for span in emitted:
            tracer.emit(span)
        tracer.close()
        assert [span.span_id for span in collector.spans()] == [span.context.span_id for span in emitted]
        assert len(collector.bodies) == 1


def test_a_collector_that_is_away_costs_spans_and_no_time(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "opentelemetry")
    tracer = open_tracer(TracingSettings(endpoint=f"http://127.0.0.1:{free_port()}"), "tests")
    assert tracer is not None
    started = time.monotonic()
    for number in range(QUEUE_SPANS + 2_000):
        tracer.emit(a_span(number))
    emitting = time.monotonic() - started
    tracer.close()
    assert emitting < 10
    assert time.monotonic() - started - emitting < CLOSE_SECONDS + 3
    wait_until(
        lambda: CLOSING_THREAD not in {thread.name for thread in threading.enumerate()},
        timeout_seconds=5,
        describe="nothing is tried any more",
    )
