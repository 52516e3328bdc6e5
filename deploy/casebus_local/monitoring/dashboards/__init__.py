"""The dashboards, from the whole to its parts."""

from __future__ import annotations

from typing import Final

from casebus_local.monitoring.dashboard import Dashboard
from casebus_local.monitoring.dashboards.agencies import AGENCIES
from casebus_local.monitoring.dashboards.notifications import NOTIFICATIONS
from casebus_local.monitoring.dashboards.overview import OVERVIEW
from casebus_local.monitoring.dashboards.profile import PROFILE
from casebus_local.monitoring.dashboards.stages import STAGES

DASHBOARDS: Final[tuple[Dashboard, ...]] = (OVERVIEW, AGENCIES, STAGES, PROFILE, NOTIFICATIONS)
