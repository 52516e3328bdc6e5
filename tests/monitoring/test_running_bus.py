"""Dashboards and alerts against a real Prometheus that scrapes the whole bus at work."""

from __future__ import annotations

import math
import re

import pytest
from tests.monitoring.faults import (
    locked_table,
    looking,
    lose_database,
    lose_records,
    open_transaction,
    publish_too_many_cases,
    refusing,
    report_a_rhythm_that_ended,
    slow_table,
)
from tests.monitoring.hurry import hurried_query
from tests.monitoring.prometheus import Prometheus, needs_prometheus
from tests.monitoring.watched_bus import PATIENCE_SECONDS, READERS, WatchedBus
from tests.notifier.mail_server import Fault

from casebus_local import wait_until
from casebus_local.monitoring import ALERTS, DASHBOARDS
from casebus_local.simulator import citizen_number

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240), needs_prometheus]

SILENT_AGENCY = "OVO099999"
NOBODY_ELSE = 5_000
"""The index of a citizen whom the simulation knows nothing of."""
REFUSED_MAILS = 60
"""More than a twentieth of all that were sent within a window of the rule."""
SLOW_SECONDS = 3.0
"""Longer than profile's histogram can tell apart."""


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
    bus, agency, topics = watched.bus, watched.agencies[0], watched.bus.topics
    watched.mails.hold()
    with bus.producer() as producer:
        producer.produce(topics.accepted, b"{}", b"no-party/no-case", partition=0)
        for number in range(100):
            producer.produce(topics.submitted(agency), b"{}", f"case-{number}".encode())
    report_a_rhythm_that_ended(bus, SILENT_AGENCY)
    publish_too_many_cases(bus, agency, citizen_number(NOBODY_ELSE))
    watched.wait_for_alert("CasebusDeadLetters", stage="overviews")
    watched.wait_for_alert("CasebusAgencyRejected", agency=agency)
    watched.wait_for_alert("CasebusAgencySilent", agency=SILENT_AGENCY)
    watched.wait_for_alert("CasebusOverviewLarge")
    with (
        locked_table(watched.dsn, "overviews"),
        slow_table(watched.dsn, "seen_cases", seconds=SLOW_SECONDS),
        looking(f"{watched.profile_url}/v1/cases", watched.a_citizen(), readers=READERS),
        refusing(bus, topics.outcomes(agency), topics.dead_letters),
    ):
        with bus.producer() as producer:
            producer.produce(topics.sources, b"{}", b"no-agency", partition=0)
        with refusing(bus, topics.changes):
            watched.wait_for_alert("CasebusSinkStopped", topic=topics.sources)
            watched.wait_for_alert("CasebusTransactionsAborted", stage="overviews")
            watched.wait_for_alert("CasebusPartitionStands", stage="overviews")
            watched.wait_for_alert("CasebusStageLate", stage="overviews")
        watched.wait_for_alert("CasebusSinkLate", topic=topics.overviews)
        watched.wait_for_alert("CasebusHttpSlow")
        watched.wait_for_alert("CasebusOutcomesHeld", outbox="outcomes")
    watched.wait_for_alert("CasebusPublishToCommitSlow")
    watched.wait_for_alert("CasebusMessagesLate")
    watched.mails.faults.extend([Fault.REFUSED] * REFUSED_MAILS)
    watched.mails.release()
    wait_until(lambda: not watched.mails.faults, timeout_seconds=PATIENCE_SECONDS, describe="mails are refused")
    watched.mails.is_down = True
    watched.wait_for_alert("CasebusMessagesFail", channel="email")
    watched.wait_for_alert("CasebusProviderPaused", provider="smtp")
    watched.check()
    assert agency in watched.said["CasebusAgencyRejected"]["summary"]


def test_lost_processes_records_and_a_lost_database_fire_theirs(watched: WatchedBus) -> None:
    bus = watched.bus
    watched.processes["streams"].kill()
    watched.processes["sources"].kill()
    watched.wait_for_alert("CasebusPartGone", part="intake")
    watched.wait_for_alert("CasebusPartGone", part="overviews")
    watched.wait_for_alert("CasebusProcessDown", job="streams")
    lose_records(bus, [bus.topics.submitted(agency) for agency in watched.agencies])
    with open_transaction(bus, bus.topics.overviews):
        watched.start("streams")
        lose_database(bus.stack.dsn, watched.dsn)
        watched.wait_for_alert("CasebusAgenciesUnwatched")
        for _ in range(4):
            watched.restart("sources")
        watched.wait_for_alert("CasebusRestartLoop", job="sources")
        watched.wait_for_alert("CasebusDataLost", stage="intake")
        watched.wait_for_alert("CasebusRestoreSlow", job="streams")
    watched.wait_for_alert("CasebusDatabaseAway", job="notifier")
    watched.wait_for_alert("CasebusHttpErrors")


def test_with_that_every_alert_has_fired_and_said_what_it_should(watched: WatchedBus) -> None:
    fired = watched.prometheus.series('max_over_time(ALERTS{alertstate="firing"}[1h])')
    assert {series["metric"]["alertname"] for series in fired} == {alert.name for alert in ALERTS}
    said = [texts[part] for texts in watched.said.values() for part in ("summary", "description")]
    assert [text for text in said if "error" in text or "<no value>" in text] == []
    assert re.search(r"is \d[\dms .]* behind", watched.said["CasebusStageLate"]["summary"])
