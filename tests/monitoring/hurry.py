"""Rules and queries for a test that cannot wait: what is a minute in them becomes a second."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from casebus_local.monitoring.alert import AlertGroup
from casebus_local.monitoring.rules import rule_file

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LATENESS = re.compile(r"(_(?:lag|stalled|overdue)_seconds\) > )(\d+)")
_LONGEST_LATE_SECONDS = 10
_BOUND = re.compile(r"> ([0-9.]+)$")
_LEAST_SECONDS = 4
"""A rate needs a few scrapes."""
_LONGEST_WAIT_SECONDS = 6
"""What happened in a moment is in a window of ten seconds for as long as that, and must be waited out before."""
_STARTS = re.compile(r"(process_start_time_seconds\[)(\d+m)\]")


def hurried_rules(groups: Iterable[AlertGroup]) -> dict[str, Any]:
    """The rule file: windows and waits sixty times as short, bounds of how late something may be a fifteenth or less.

    A test may share two cores with many others: eight seconds are still late then, but a second is not yet slow. How
    long one event takes is for the benchmarks to judge; its bounds are eight times as wide here. A process takes as
    long to start as it takes: the window in which its starts are counted is a fifteenth, too.
    """
    rules = rule_file(groups)
    for group in rules["groups"]:
        for rule in group["rules"]:
            rule["for"] = f"{min(_seconds_of(rule['for']) // 60, _LONGEST_WAIT_SECONDS)}s"
            expression = _STARTS.sub(lambda match: f"{match[1]}{4 * _seconds_of(match[2])}s]", rule["expr"])
            expression = hurried_query(expression)
            expression = _LATENESS.sub(
                lambda match: f"{match[1]}{min(int(match[2]) // 15, _LONGEST_LATE_SECONDS)}", expression
            )
            if expression.startswith("histogram_quantile"):
                expression = _BOUND.sub(lambda match: f"> {float(match[1]) * 8:g}", expression)
            rule["expr"] = expression
    return rules


def hurried_query(expression: str) -> str:
    """The windows of an expression, sixty times as short; a panel's own window is ten seconds."""
    expression = expression.replace("$__rate_interval", "600s")
    return re.sub(
        r"(\[|offset )(\d+[smhd])",
        lambda match: f"{match[1]}{max(_LEAST_SECONDS, _seconds_of(match[2]) // 60)}s",
        expression,
    )


def _seconds_of(duration: str) -> int:
    return int(duration[:-1]) * _SECONDS[duration[-1]]
