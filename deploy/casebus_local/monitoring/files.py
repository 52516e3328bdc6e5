"""The committed files: what must be in them, whether it is, and how they are written."""

from __future__ import annotations

import json
from pathlib import Path

from casebus_local.monitoring.alerts import GROUPS
from casebus_local.monitoring.dashboards import DASHBOARDS
from casebus_local.monitoring.metrics_page import metrics_page
from casebus_local.monitoring.rules import RUNBOOK, as_yaml, prometheus_rule, rule_file


def files(runbook: str = RUNBOOK) -> dict[str, str]:
    """Path below the repository's root to text. Pure; the same declarations always give the same bytes.

    ``runbook`` is where the page on alerts is published.
    """
    return {
        "docs/metrics.md": metrics_page(),
        "deploy/prometheus/casebus.rules.yaml": as_yaml(rule_file(GROUPS, runbook)),
        "deploy/kubernetes/monitoring/prometheus-rule.yaml": as_yaml(prometheus_rule(GROUPS, runbook)),
        **{
            f"deploy/grafana/{dashboard.uid}.json": json.dumps(dashboard.as_grafana(), indent=1) + "\n"
            for dashboard in DASHBOARDS
        },
    }


def differences(root: Path, runbook: str = RUNBOOK) -> list[str]:
    """Files that are missing or other than declared. Reads files."""
    return [
        name
        for name, text in files(runbook).items()
        if not (root / name).exists() or (root / name).read_text(encoding="utf-8") != text
    ]


def write(root: Path, runbook: str = RUNBOOK) -> None:
    """Write all files; directories are made when absent."""
    for name, text in files(runbook).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
