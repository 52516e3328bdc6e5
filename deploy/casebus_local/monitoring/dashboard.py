"""A dashboard as data, and its form in Grafana."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

_COLUMNS = 24
_SCHEMA_VERSION = 39
_DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
_LINK_TO_THE_OTHERS = {
    "type": "dashboards",
    "tags": ["casebus"],
    "title": "casebus",
    "tooltip": "The other dashboards of the bus",
    "icon": "dashboard",
    "asDropdown": True,
    "targetBlank": False,
    "includeVars": False,
    "keepTime": True,
}


@dataclass(frozen=True, slots=True)
class Query:
    """A PromQL expression; ``legend`` names its series by their labels."""

    expression: str
    legend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """``unit`` is Grafana's name of one. ``look`` is a line over time, or the latest number alone."""

    title: str
    about: str
    queries: tuple[Query, ...]
    unit: str = "short"
    look: Literal["timeseries", "stat"] = "timeseries"
    width: int = 8
    height: int = 7


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under a heading, from left to right, then further down."""

    title: str
    panels: tuple[Panel, ...]


def row(title: str, *panels: Panel) -> Row:
    """Panels under a heading."""
    return Row(title, panels)


def panel(title: str, about: str, *queries: Query, unit: str = "short", width: int = 8) -> Panel:
    """Lines over time."""
    return Panel(title=title, about=about, queries=queries, unit=unit, width=width)


def number(title: str, about: str, *queries: Query, unit: str = "short", width: int = 5) -> Panel:
    """The latest number alone, for a glance."""
    return Panel(title=title, about=about, queries=queries, unit=unit, look="stat", width=width, height=4)


@dataclass(frozen=True, slots=True)
class Variable:
    """A choice at the top of the dashboard: the values of a label of a metric. ``$name`` in expressions."""

    name: str
    metric: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """``uid`` is its address in Grafana and the name of its file."""

    uid: str
    title: str
    about: str
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...] = ()

    @property
    def queries(self) -> Iterator[Query]:
        """All of them."""
        return (query for row in self.rows for panel in row.panels for query in panel.queries)

    def as_grafana(self) -> dict[str, Any]:
        """The dashboard's JSON model, to be imported or provisioned."""
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.about,
            "tags": ["casebus"],
            "schemaVersion": _SCHEMA_VERSION,
            "version": 1,
            "editable": False,
            "timezone": "browser",
            "time": {"from": "now-3h", "to": "now"},
            "refresh": "30s",
            "templating": {"list": [_datasource_variable(), *map(_variable, self.variables)]},
            "annotations": {"list": []},
            "links": [_LINK_TO_THE_OTHERS],
            "panels": list(_panels(self.rows)),
        }


def _panels(rows: tuple[Row, ...]) -> Iterator[dict[str, Any]]:
    """All panels at their places: a row's heading, then its panels, as many beside each other as fit."""
    number = top = 0
    for row in rows:
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": row.title,
            "collapsed": False,
            "gridPos": {"x": 0, "y": top, "w": _COLUMNS, "h": 1},
            "panels": [],
        }
        top += 1
        left = height = 0
        for panel in row.panels:
            if left + panel.width > _COLUMNS:
                top, left, height = top + height, 0, 0
            number += 1
            place = {"x": left, "y": top, "w": panel.width, "h": panel.height}
            yield {"id": number, "gridPos": place, **_panel(panel)}
            left, height = left + panel.width, max(height, panel.height)
        top += height


def _panel(panel: Panel) -> dict[str, Any]:
    defaults: dict[str, Any] = {"unit": panel.unit, "min": 0}
    if panel.look == "timeseries":
        defaults["custom"] = {"lineWidth": 1, "fillOpacity": 10, "showPoints": "never"}
    return {
        "type": panel.look,
        "title": panel.title,
        "description": panel.about,
        "datasource": _DATASOURCE,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": _options(panel),
        "targets": [
            {
                "refId": chr(ord("A") + index),
                "datasource": _DATASOURCE,
                "expr": query.expression,
                "legendFormat": query.legend or panel.title,
                "instant": panel.look == "stat",
                "range": panel.look != "stat",
            }
            for index, query in enumerate(panel.queries)
        ],
    }


def _options(panel: Panel) -> dict[str, Any]:
    if panel.look == "stat":
        return {
            "reduceOptions": {"calcs": ["lastNotNull"]},
            "colorMode": "none",
            "graphMode": "none",
            "justifyMode": "auto",
            "textMode": "auto",
            "wideLayout": True,
            "orientation": "auto",
            "showPercentChange": False,
            "percentChangeColorMode": "standard",
        }
    return {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }


def _datasource_variable() -> dict[str, Any]:
    return {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}


def _variable(variable: Variable) -> dict[str, Any]:
    query = f"label_values({variable.metric}, {variable.name})"
    return {
        "name": variable.name,
        "type": "query",
        "datasource": _DATASOURCE,
        "query": {"query": query, "refId": variable.name},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "current": {"text": ["All"], "value": ["$__all"]},
    }
