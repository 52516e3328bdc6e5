"""What citizens get over HTTP."""

from __future__ import annotations

from typing import Final

from casebus_local.monitoring.dashboard import Dashboard, Panel, Query, Row
from casebus_local.monitoring.queries import RATE, quantile, quantiles, rate, total

PROFILE: Final = Dashboard(
    uid="casebus-profile",
    title="casebus: profile service",
    about="What citizens get over HTTP, and the database behind it.",
    rows=(
        Row(
            "HTTP",
            (
                Panel(
                    title="Requests by path",
                    about="A second.",
                    queries=(rate("casebus_profile_requests_total", by="path"),),
                    unit="reqps",
                ),
                Panel(
                    title="Requests by status",
                    about="A second.",
                    queries=(rate("casebus_profile_requests_total", by="status"),),
                    unit="reqps",
                ),
                Panel(
                    title="Share of 5xx",
                    about="Of all requests. The alert is at 1 %.",
                    queries=(
                        Query(
                            f'(sum(rate(casebus_profile_requests_total{{status=~"5.."}}[{RATE}])) or vector(0))'
                            f" / sum(rate(casebus_profile_requests_total[{RATE}]))",
                            "5xx",
                        ),
                    ),
                    unit="percentunit",
                ),
                Panel(
                    title="Time to answer",
                    about="Until the answer begins, over all paths.",
                    queries=quantiles("casebus_profile_request_seconds"),
                    unit="s",
                ),
                Panel(
                    title="Time to answer by path, p99",
                    about="Until the answer begins.",
                    queries=(quantile("casebus_profile_request_seconds", 0.99, by="path"),),
                    unit="s",
                ),
                Panel(
                    title="Live streams",
                    about="Open now, of each process.",
                    queries=(total("casebus_profile_streams_open", by="instance"),),
                ),
            ),
        ),
        Row(
            "Database",
            (
                Panel(
                    title="Queries",
                    about="A second: reads of overviews (one may answer many requests) and own transactions.",
                    queries=(rate("casebus_profile_database_seconds_count", by="what"),),
                    unit="ops",
                    width=12,
                ),
                Panel(
                    title="Time of a query, p99",
                    about="Waiting for a connection included.",
                    queries=(quantile("casebus_profile_database_seconds", 0.99, by="what"),),
                    unit="s",
                    width=12,
                ),
            ),
        ),
    ),
)
