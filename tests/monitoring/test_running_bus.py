"""Dashboards and alerts against a real Prometheus that scrapes the whole bus at work."""

from __future__ import annotations

import math
import re

import pytest
from tests.monitoring.hurry import hurried_query
from tests.monitoring.prometheus import Prometheus, needs_prometheus
from tests.monitoring.watched_bus import PATIENCE_SECONDS, WatchedBus

from casebus_local import wait_until
from casebus_local.monitoring import DASHBOARDS

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240), needs_prometheus]


def as_shown(expression: str) -> str:
    """With every choice of the dashboard's variables, and in a hurry."""
    return hurried_query(re.sub(r"\$(agency|stage|channel)\b", ".*", expression))


def is_empty(prometheus: Prometheus, expression: str) -> bool:
    return all(math.isnan(float(series["value"][1])) for series in prometheus.series(as_shown(expression)))


def test_no_panel_of_any_dashboard_is_empty(watched: WatchedBus) -> None:
    expressions = {query.expression for dashboard in DASHBOARDS for query in dashboard.queries}

    def empty() -> list[str]:
        watched.check()
        expressions.difference_update([each for each in expressions if not is_empty(watched.prometheus, each)])
        return sorted(expressions)

    try:
        wait_until(lambda: not empty(), timeout_seconds=PATIENCE_SECONDS, describe="all panels show something")
    except TimeoutError:
        assert empty() == []


@pytest.mark.parametrize("what", ["cached", "largest_bytes", "restore_seconds_sum"])
def test_what_is_counted_of_overviews_is_there(watched: WatchedBus, what: str) -> None:
    wait_until(
        lambda: watched.prometheus.series(f"casebus_overviews_{what} > 0"),
        timeout_seconds=PATIENCE_SECONDS,
        describe=f"{what} is above 0",
    )


def test_a_bus_that_is_well_fires_nothing_however_long_it_is_watched(watched: WatchedBus) -> None:
    wait_until(
        lambda: watched.prometheus.series('count_over_time(up{job="streams"}[1h]) >= 16'),
        timeout_seconds=PATIENCE_SECONDS,
        describe="long enough was watched",
    )
    watched.check()
    assert watched.prometheus.unhealthy_rules() == []
    fired = watched.prometheus.series('max_over_time(ALERTS{alertstate="firing"}[1h])')
    assert [series["metric"] for series in fired] == []


def test_faults_fire_their_alerts_while_the_rest_goes_on(watched: WatchedBus) -> None:
    agency = watched.agencies[0]
    with watched.bus.producer() as producer:
        producer.produce(watched.bus.topics.accepted, b"{}", b"no-party/no-case", partition=0)
        for number in range(100):
            producer.produce(watched.bus.topics.submitted(agency), b"{}", f"case-{number}".encode())
    watched.lose_mails()
    with watched.locked_table("overviews"):
        said = [
            watched.wait_for_alert("CasebusDeadLetters", stage="overviews"),
            watched.wait_for_alert("CasebusAgencyRejected", agency=agency),
        ]
        with watched.throttled_kafka():
            said += [
                watched.wait_for_alert("CasebusProviderPaused", provider="files"),
                watched.wait_for_alert("CasebusSinkLate", topic=watched.bus.topics.overviews),
                watched.wait_for_alert("CasebusStageLate"),  # intake, or overviews if intake still gets through
            ]
    watched.check()
    assert agency in said[1]["summary"]
    assert not [each for annotations in said for each in annotations.values() if "error" in each]


def test_lost_processes_and_a_lost_database_fire_theirs(watched: WatchedBus) -> None:
    watched.processes["streams"].kill()
    watched.lose_database()
    watched.wait_for_alert("CasebusPartGone", part="intake")
    watched.wait_for_alert("CasebusPartGone", part="overviews")
    watched.wait_for_alert("CasebusProcessDown", job="streams")
    watched.wait_for_alert("CasebusDatabaseAway", job="notifier")
    watched.wait_for_alert("CasebusHttpErrors")
