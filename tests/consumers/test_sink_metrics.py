"""Several sinks report into one registry, each under its topic."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from casebus_consumers.sink import SinkMetrics


def test_two_sinks_of_a_process_are_told_apart_by_their_topic() -> None:
    registry = CollectorRegistry()
    metrics = SinkMetrics(registry)
    overviews, sources = metrics.of("overviews"), metrics.of("sources")
    overviews.dead_letters.inc(3)
    sources.dead_letters.inc()
    overviews.observe_positions({0: 5, 1: 7}, 1)
    sources.observe_positions({0: 0}, 0)

    def value(name: str, topic: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"casebus_sink_{name}", {"topic": topic, **labels})

    assert (value("dead_letters_total", "overviews"), value("dead_letters_total", "sources")) == (3, 1)
    assert value("batches_total", "sources", outcome="conflict") == 0, "there before the first"
    assert (value("partitions_stopped", "overviews"), value("partitions_stopped", "sources")) == (1, 0)
    overviews.observe_positions({1: 6}, 0)
    assert value("lag_records", "overviews", partition="0") is None, "it is another member's now"
    assert value("lag_records", "overviews", partition="1") == 6
    assert value("lag_records", "sources", partition="0") == 0


def test_a_sink_of_another_topic_takes_over_without_leaving_lag_behind() -> None:
    registry = CollectorRegistry()
    metrics = SinkMetrics(registry)
    first = metrics.of("overviews")
    first.observe_positions({0: 5}, 1)
    first.observe_positions({}, 0)
    assert registry.get_sample_value("casebus_sink_lag_records", {"topic": "overviews", "partition": "0"}) is None
    assert registry.get_sample_value("casebus_sink_partitions_stopped", {"topic": "overviews"}) == 0
