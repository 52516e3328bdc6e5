"""All alerts, by what they watch. Few, and for each there is something to do: docs/operations/alerts.md says what."""

from __future__ import annotations

from typing import Final

from casebus_local.monitoring.alert import Alert, AlertGroup
from casebus_local.monitoring.alerts.agencies import AGENCY_ALERTS
from casebus_local.monitoring.alerts.notifications import NOTIFICATION_ALERTS
from casebus_local.monitoring.alerts.processes import PROCESS_ALERTS
from casebus_local.monitoring.alerts.profile import PROFILE_ALERTS
from casebus_local.monitoring.alerts.stages import STAGE_ALERTS

GROUPS: Final = (
    AlertGroup("casebus-processes", PROCESS_ALERTS),
    AlertGroup("casebus-stages", STAGE_ALERTS),
    AlertGroup("casebus-agencies", AGENCY_ALERTS),
    AlertGroup("casebus-profile", PROFILE_ALERTS),
    AlertGroup("casebus-notifications", NOTIFICATION_ALERTS),
)
ALERTS: Final[tuple[Alert, ...]] = tuple(alert for group in GROUPS for alert in group.alerts)
