"""PromQL that several panels share."""

from __future__ import annotations

from casebus_local.monitoring.dashboard import Query

RATE = "$__rate_interval"
"""Grafana's own: long enough for a rate at the panel's resolution."""


def rate(metric: str, *, by: str = "", where: str = "", legend: str = "") -> Query:
    """How fast a counter rises a second, summed over processes."""
    grouping = f" by ({by})" if by else ""
    return Query(f"sum{grouping} (rate({metric}{_selector(where)}[{RATE}]))", legend or _legend(by))


def quantiles(histogram: str, *, by: str = "", where: str = "") -> tuple[Query, ...]:
    """The middle, and the 99th percentile, of what a histogram counted."""
    return tuple(quantile(histogram, share, by=by, where=where) for share in (0.5, 0.99))


def quantile(histogram: str, share: float, *, by: str = "", where: str = "") -> Query:
    """One percentile of what a histogram counted."""
    labels = f"le, {by}" if by else "le"
    buckets = f"sum by ({labels}) (rate({histogram}_bucket{_selector(where)}[{RATE}]))"
    return Query(f"histogram_quantile({share:g}, {buckets})", f"p{share * 100:g} {_legend(by)}".strip())


def largest(gauge: str, *, by: str, where: str = "") -> Query:
    """The largest of a gauge over processes."""
    return Query(f"max by ({by}) ({gauge}{_selector(where)})", _legend(by))


def total(gauge: str, *, by: str, where: str = "") -> Query:
    """A gauge summed over processes."""
    return Query(f"sum by ({by}) ({gauge}{_selector(where)})", _legend(by))


def _selector(where: str) -> str:
    return f"{{{where}}}" if where else ""


def _legend(by: str) -> str:
    return " ".join(f"{{{{{label.strip()}}}}}" for label in by.split(",")) if by else ""
