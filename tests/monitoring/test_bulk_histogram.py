"""A histogram that takes a batch at a time counts as the client library's does, one by one."""

from __future__ import annotations

import random

from prometheus_client import CollectorRegistry

from casebus_producers.bulk_histogram import BulkHistogram
from casebus_producers.metric_declaration import HistogramDeclaration

DECLARATION = HistogramDeclaration(
    name="casebus_tests_seconds", unit="seconds", labels=("stage",), bounds=(0.005, 0.1, 2.5), meaning="Time"
)
NOW_MS = 1_800_000_000_000


def samples(registry: CollectorRegistry) -> dict[tuple[str, str], float]:
    return {
        (sample.name, sample.labels.get("le", "")): sample.value
        for family in registry.collect()
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def test_it_counts_as_the_librarys_does() -> None:
    chance = random.Random(8)
    ages_ms = [chance.choice([0, 4, 5, 6, 99, 100, 101, 2_500, 9_000]) for _ in range(500)]
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    BulkHistogram(DECLARATION, ours, clock=lambda: NOW_MS / 1000).observe_ages(
        "intake", [NOW_MS - age for age in ages_ms]
    )
    histogram = DECLARATION.made_in(theirs).labels("intake")
    for age in ages_ms:
        histogram.observe(age / 1000)
    found, expected = samples(ours), samples(theirs)
    assert {name: round(value, 6) for name, value in found.items()} == {
        name: round(value, 6) for name, value in expected.items()
    }


def test_a_clock_that_is_behind_counts_as_no_time() -> None:
    registry = CollectorRegistry()
    BulkHistogram(DECLARATION, registry, clock=lambda: NOW_MS / 1000).observe_ages("intake", [NOW_MS + 50])
    assert samples(registry)["casebus_tests_seconds_sum", ""] == 0
    assert samples(registry)["casebus_tests_seconds_bucket", "0.005"] == 1
