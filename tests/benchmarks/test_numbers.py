"""Rates, percentiles and bounds: arithmetic that no one would notice to be wrong."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path

import pytest
from benchmarks.bench import BENCHMARKS, choose
from benchmarks.histogram import difference, percentile, read_buckets
from benchmarks.measure import rate_of_arrivals
from benchmarks.results import Bound, Measured, judge, keep, load_bounds


def test_a_rate_leaves_the_warm_up_out() -> None:
    slow_start = Counter({0: 100, 10_000: 100, 10_100: 100, 10_200: 100})
    assert rate_of_arrivals(slow_start, warm_up_share=0.3) == pytest.approx(200 / 0.2)
    assert rate_of_arrivals(slow_start, warm_up_share=0) == pytest.approx(300 / 10.2)


@pytest.mark.parametrize("arrivals", [Counter[int](), Counter({5: 100})])
def test_one_moment_has_no_rate(arrivals: Counter[int]) -> None:
    with pytest.raises(ValueError, match="too few"):
        rate_of_arrivals(arrivals, warm_up_share=0.3)


def test_percentiles_are_interpolated_within_a_bucket() -> None:
    buckets = {0.1: 50.0, 0.2: 90.0, math.inf: 100.0}
    assert percentile(buckets, 0.5) == pytest.approx(0.1)
    assert percentile(buckets, 0.7) == pytest.approx(0.15)
    assert percentile(buckets, 0.99) == 0.2
    assert math.isnan(percentile({0.1: 0.0, math.inf: 0.0}, 0.5))


def test_only_what_was_counted_in_between_counts() -> None:
    assert difference({0.1: 7.0, math.inf: 9.0}, {0.1: 5.0, math.inf: 5.0}) == {0.1: 2.0, math.inf: 4.0}


def test_buckets_are_read_from_a_scrape() -> None:
    text = (
        "# TYPE t_seconds histogram\n"
        't_seconds_bucket{le="0.1",stage="a"} 3.0\n'
        't_seconds_bucket{le="+Inf",stage="a"} 4.0\n'
        't_seconds_bucket{le="0.1",stage="b"} 9.0\n'
        't_seconds_bucket{le="+Inf",stage="b"} 9.0\n'
    )
    assert read_buckets(text, "t_seconds", {"stage": "a"}) == {0.1: 3.0, math.inf: 4.0}


def test_a_value_that_is_no_number_never_holds() -> None:
    assert Bound(at_least=3).holds(3)
    assert not Bound(at_least=3).holds(2.99)
    assert not Bound(at_most=3).holds(3.01)
    assert not Bound(at_most=3).holds(math.nan)


def test_every_bound_is_measured_by_some_benchmark() -> None:
    assert all(choose(name) for name in load_bounds())


def test_only_names_a_benchmark_or_what_it_measures() -> None:
    assert [each.name for each in choose("overviews.bytes_per_overview")] == ["restore"]
    assert [each.name for each in choose("latency.publish_to_visible_ms.p50")] == ["latency"]
    assert [each.name for each in choose("overviews")] == ["overviews"]
    assert choose("") == list(BENCHMARKS)
    assert choose("nothing") == []


def test_a_run_of_one_benchmark_keeps_the_others_results(tmp_path: Path) -> None:
    def run(name: str, value: float, benchmark: str) -> None:
        results = judge([Measured(name, value, "s")], {name: Bound(at_most=1)})
        keep(
            results, {"machine": {}, "benchmarks": {benchmark: {"time": value}}}, is_complete=False, directory=tmp_path
        )

    run("a", 0.5, "one")
    run("b", 2, "two")
    run("a", 3, "one")
    written = json.loads((tmp_path / "bench.json").read_text())
    assert written == [
        {"name": "a", "value": 3.0, "unit": "s", "bound": "≤ 1", "holds": False},
        {"name": "b", "value": 2.0, "unit": "s", "bound": "≤ 1", "holds": False},
    ]
    beside = json.loads((tmp_path / "circumstances.json").read_text())
    assert beside["benchmarks"] == {"one": {"time": 3}, "two": {"time": 2}}


def test_a_complete_run_forgets_what_was_before(tmp_path: Path) -> None:
    for name in ("old", "new"):
        results = judge([Measured(name, math.nan, "s")], {})
        keep(results, {"benchmarks": {name: {}}}, is_complete=True, directory=tmp_path)
    written = json.loads((tmp_path / "bench.json").read_text())
    assert written == [{"name": "new", "value": None, "unit": "s", "bound": None, "holds": None}]
    assert json.loads((tmp_path / "circumstances.json").read_text())["benchmarks"] == {"new": {}}
