"""The dashboards, without a Grafana: what it needs is there, and every question is about a metric that exists."""

from __future__ import annotations

import json
import re
from itertools import combinations
from typing import Any

import pytest
from tests.docs.pages import REPOSITORY
from tests.monitoring.metric_names import asked_for, known_series

from casebus_local.monitoring import ALERTS, DASHBOARDS
from casebus_local.monitoring.catalogue import PARTS
from casebus_local.monitoring.dashboard import Dashboard

each_dashboard = pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda dashboard: dashboard.uid)


def committed(dashboard: Dashboard) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((REPOSITORY / "deploy" / "grafana" / f"{dashboard.uid}.json").read_text())
    return found


@each_dashboard
def test_panels_have_places_of_their_own(dashboard: Dashboard) -> None:
    panels = committed(dashboard)["panels"]
    places = [panel["gridPos"] for panel in panels]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below


@each_dashboard
def test_every_panel_says_what_it_shows_and_asks_something(dashboard: Dashboard) -> None:
    for panel in committed(dashboard)["panels"]:
        if panel["type"] != "row":
            assert panel["description"].endswith(".")
            assert panel["targets"]
            assert all(target["expr"] and target["datasource"]["uid"] == "${datasource}" for target in panel["targets"])


@each_dashboard
def test_it_asks_for_metrics_that_are_there(dashboard: Dashboard) -> None:
    for query in dashboard.queries:
        assert asked_for(query.expression) <= known_series()
    assert {variable.metric for variable in dashboard.variables} <= known_series()


@each_dashboard
def test_variables_are_declared_and_used(dashboard: Dashboard) -> None:
    used = {name for query in dashboard.queries for name in re.findall(r"\$(\w+)", query.expression)}
    assert used - {"__rate_interval"} == {variable.name for variable in dashboard.variables}


def test_every_metric_of_the_bus_is_looked_at_somewhere() -> None:
    """One that nobody looks at helps nobody. What an agency's own process exports is the agency's to watch."""
    expressions = [query.expression for dashboard in DASHBOARDS for query in dashboard.queries]
    asked = {name for text in [*expressions, *(alert.expression for alert in ALERTS)] for name in asked_for(text)}
    declared = {each.name for part in PARTS for each in part.declarations if part.title not in ("SDK", "Outbox relay")}
    assert [name for name in sorted(declared) if not any(each.startswith(name) for each in asked)] == []
