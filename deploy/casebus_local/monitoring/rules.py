"""Alerts in Prometheus' form: a rule file, and the resource of the Prometheus operator."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import yaml

from casebus_local.monitoring.alert import Alert, AlertGroup

HEADER = "# Generated from deploy/casebus_local/monitoring; change that and run its `write`.\n"


RUNBOOK: Final = "docs/operations/alerts.md"
"""The runbook, below the repository's root. Whoever publishes it says where: the annotation is a link then."""


def rule_file(groups: Iterable[AlertGroup], runbook: str = RUNBOOK) -> dict[str, Any]:
    """What a rule file holds. ``runbook`` is where its readers find the page on alerts."""
    return {
        "groups": [{"name": group.name, "rules": [_rule(alert, runbook) for alert in group.alerts]} for group in groups]
    }


def prometheus_rule(groups: Iterable[AlertGroup], runbook: str = RUNBOOK) -> dict[str, Any]:
    """The same as a ``PrometheusRule``."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "casebus"},
        "spec": rule_file(groups, runbook),
    }


def as_yaml(document: dict[str, Any]) -> str:
    """One document, expressions of several lines as they are."""
    return HEADER + yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=1000)


def _rule(alert: Alert, runbook: str) -> dict[str, Any]:
    return {
        "alert": alert.name,
        "expr": alert.expression,
        "for": alert.holds_for,
        "labels": {"severity": alert.severity},
        "annotations": {
            "summary": alert.summary,
            "description": alert.description,
            "runbook_url": f"{runbook}#{alert.anchor}",
        },
    }


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks."""


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)
