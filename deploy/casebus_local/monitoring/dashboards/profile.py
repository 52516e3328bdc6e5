"""What citizens get over HTTP."""

from __future__ import annotations

from typing import Final

from casebus_local.monitoring.dashboard import Dashboard, Query, panel, row
from casebus_local.monitoring.queries import RATE, quantile, quantiles, rate, total

PROFILE: Final = Dashboard(
    uid="casebus-profile",
    title="casebus: profile service",
    about="What citizens get over HTTP, and the database behind it.",
    rows=(
        row(
            "HTTP",
            panel("Requests by path", "A second.", rate("casebus_profile_requests_total", by="path"), unit="reqps"),
            panel("Requests by status", "A second.", rate("casebus_profile_requests_total", by="status"), unit="reqps"),
            panel(
                "Share of 5xx",
                "Of all requests. The alert is at 1 %.",
                Query(
                    f'(sum(rate(casebus_profile_requests_total{{status=~"5.."}}[{RATE}])) or vector(0))'
                    f" / sum(rate(casebus_profile_requests_total[{RATE}]))",
                    "5xx",
                ),
                unit="percentunit",
            ),
            panel(
                "Time to answer",
                "Until the answer begins, over all paths.",
                *quantiles("casebus_profile_request_seconds"),
                unit="s",
            ),
            panel(
                "Time to answer by path, p99",
                "Until the answer begins.",
                quantile("casebus_profile_request_seconds", 0.99, by="path"),
                unit="s",
            ),
            panel("Live streams", "Open now, of each process.", total("casebus_profile_streams_open", by="instance")),
        ),
        row(
            "Database",
            panel(
                "Queries",
                "A second: reads of overviews (one may answer many requests) and own transactions.",
                rate("casebus_profile_database_seconds_count", by="what"),
                unit="ops",
                width=12,
            ),
            panel(
                "Time of a query, p99",
                "Waiting for a connection included.",
                quantile("casebus_profile_database_seconds", 0.99, by="what"),
                unit="s",
                width=12,
            ),
        ),
    ),
)
