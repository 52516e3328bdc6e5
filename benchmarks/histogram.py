"""Percentiles from the buckets of a Prometheus histogram. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

Buckets = Mapping[float, float]
"""Cumulative counts by upper bound, as Prometheus shows them; the last bound is infinite."""


def read_buckets(exposition: str, metric: str, labels: Mapping[str, str]) -> dict[float, float]:
    """The buckets of one histogram in a scraped text; none when it is not there yet."""
    return {
        float(sample.labels["le"]): sample.value
        for family in text_string_to_metric_families(exposition)
        for sample in family.samples
        if sample.name == f"{metric}_bucket" and labels.items() <= sample.labels.items()
    }


def difference(after: Buckets, before: Buckets) -> dict[float, float]:
    """What was counted between two looks."""
    return {bound: count - before.get(bound, 0.0) for bound, count in after.items()}


def percentile(buckets: Buckets, share: float) -> float:
    """The value that ``share`` of all do not exceed, interpolated within its bucket.

    NaN of nothing; the highest finite bound for what lies beyond it.
    """
    total = max(buckets.values(), default=0.0)
    if not total:
        return math.nan
    wanted, below, counted = share * total, 0.0, 0.0
    for bound in sorted(buckets):
        if buckets[bound] >= wanted:
            if math.isinf(bound):
                return below
            return below + (bound - below) * (wanted - counted) / (buckets[bound] - counted)
        below, counted = bound, buckets[bound]
    return below
