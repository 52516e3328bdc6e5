"""What arrives, where, in which order, and with what beside it."""

from __future__ import annotations

from collections import defaultdict

from prometheus_client import CollectorRegistry
from tests.producers.cases import AGENCY, cases, event
from tests.producers.contract.worlds import Stored, World

from casebus_producers import ProducerMetrics

CONTENT_TYPE: dict[str, str | bytes | None] = {"content-type": b"application/cloudevents+json; charset=UTF-8"}
HERE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
THERE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def by_case(stored: list[Stored]) -> dict[str, list[int]]:
    sequences: dict[str, list[int]] = defaultdict(list)
    for record in stored:
        sequences[record.event.subject].append(record.event.sequence)
    return sequences


def test_a_handle_says_where_its_event_lies(world: World) -> None:
    sent = event()
    with world.producer() as driver:
        handle = driver.publish(sent)
        position = driver.result(handle, 30)
        assert (position.topic, position.offset) == (driver.producer.topic, 0)
        assert position.partition in (0, 1)
        assert (handle.done, handle.error, handle.event_id, handle.case_id) == (True, None, "case-1-1", "case-1")
        assert driver.result(handle, 0) == position
    assert world.stored() == [Stored(sent, CONTENT_TYPE)]


def test_events_of_a_case_keep_their_order(world: World) -> None:
    with world.producer() as driver:
        summary = driver.publish_many(cases(20, 20))
        for one in cases(20, 40)[400:]:
            driver.publish(one)
        driver.flush(30)
        assert len(driver.producer) == 0
    assert (summary.published, summary.refused) == (400, 0)
    assert summary.events_per_second > 0
    assert by_case(world.stored()) == {f"case-{case}": list(range(1, 41)) for case in range(20)}


def test_a_small_queue_makes_publish_wait_and_keeps_the_order(world: World) -> None:
    longest = 0
    with world.producer(queue_max_events=20) as driver:
        for one in cases(5, 60):
            driver.publish(one)
            longest = max(longest, len(driver.producer))
        driver.publish_many(event(f"case-{case}", sequence) for sequence in range(61, 101) for case in range(5))
    assert longest <= 20
    assert by_case(world.stored()) == {f"case-{case}": list(range(1, 101)) for case in range(5)}


def test_an_outage_loses_nothing_and_reorders_nothing(world: World) -> None:
    """Memory stays bounded: publish waits on the full queue until the broker is back."""
    events, longest = cases(20, 50), 0
    with world.producer(queue_max_events=300) as driver:
        driver.publish_many(events[:200])
        with world.outage() as end_of_outage:
            handles = [driver.publish(one) for one in events[200:400]]
            assert not handles[-1].done
            end_of_outage()
            for one in events[400:]:
                driver.publish(one)
                longest = max(longest, len(driver.producer))
        driver.flush(60)
        assert all(handle.done and handle.error is None for handle in handles)
    assert longest <= 300
    assert by_case(world.stored()) == {f"case-{case}": list(range(1, 51)) for case in range(20)}


def test_the_callers_trace_is_carried_in_record_and_header(world: World) -> None:
    traces = iter([HERE, "not a traceparent", None])
    own = event(sequence=4).model_copy(update={"traceparent": THERE})
    with world.producer(more={"current_traceparent": lambda: next(traces)}) as driver:
        for one in [*(event(sequence=number) for number in (1, 2, 3)), own]:
            driver.publish(one)
    found = [(record.event.traceparent, record.headers.get("traceparent")) for record in world.stored()]
    assert found == [(HERE, HERE.encode()), (None, None), (None, None), (THERE, THERE.encode())]


def test_metrics_count_what_became_of_events(world: World) -> None:
    registry = CollectorRegistry()
    with world.producer(more={"metrics": ProducerMetrics(registry)}) as driver:
        driver.publish(event())
        driver.publish_many([event(sequence=2), event(agency="OVO000999")])
        driver.flush(30)
        assert _value(registry, "casebus_producer_pending_events") == 0
    assert _value(registry, "casebus_producer_events_total", outcome="delivered") == 2
    assert _value(registry, "casebus_producer_events_total", outcome="refused") == 1
    assert _value(registry, "casebus_producer_events_total", outcome="failed") == 0


def _value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(name, {"agency": AGENCY, **labels})
