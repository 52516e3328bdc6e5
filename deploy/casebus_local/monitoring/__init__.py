"""What operators watch, as code: the page of metrics, Prometheus rules, Grafana dashboards.

``python -m casebus_local.monitoring write|check .`` keeps the committed files, below the repository's root, as they
are declared here and in the processes.
"""

from __future__ import annotations

from casebus_local.monitoring.alert import Alert
from casebus_local.monitoring.alerts import ALERTS
from casebus_local.monitoring.dashboards import DASHBOARDS
from casebus_local.monitoring.files import differences, files, write

__all__ = ["ALERTS", "DASHBOARDS", "Alert", "differences", "files", "write"]
