"""Spans for a tracing tool: the whole way of an event, from a real bus to a real OTLP receiver."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest
from tests.bus import Bus
from tests.notifier.mail_server import MailServer
from tests.notifier.notifier_bus import NotifierBus
from tests.notifier.test_notifier_service import IMMEDIATE, wait_for_mails
from tests.notifier.worlds import AGENCY, wishes
from tests.operations.collector import Collector, ReceivedSpan

from casebus_local import LocalStack, fresh_database, wait_until
from casebus_local.ports import free_port
from casebus_local.processes import CasebusProcess
from casebus_producers import AgencySettings, Case, CaseStatusProducer
from casebus_producers.settings import SettingError, TracingSettings
from casebus_producers.tracing import open_tracer
from casebus_schemas import insz_of, party_ref

CITIZEN: Final = "85073003328"
NEIGHBOURS: Final = tuple(insz_of(f"8507301{number:02}") for number in (1, 3))
"""Of whose events nobody records a trace."""
TRACE_ID, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACED = f"00-{TRACE_ID}-{CALLER}-01"
NOT_RECORDED = "00-11112222333344445555666677778888-00f067aa0ba902b7-00"
REFUSED = "00-99992222333344445555666677778888-00f067aa0ba902b7-01"
TREE: Final = {
    "publish": None,
    "intake": "publish",
    "overviews": "intake",
    "visible": "overviews",
    "plan": "overviews",
    "send": "plan",
}
"""Each step and the one whose child it is."""
SERVICES: Final = {
    "publish": "casebus-producer",
    "intake": "casebus-streams",
    "overviews": "casebus-streams",
    "visible": "casebus-profile",
    "plan": "casebus-notifier",
    "send": "casebus-notifier",
}


class TracedBus:
    """All services of a bus, which send their spans to ``collector``."""

    def __init__(self, notifier_bus: NotifierBus, collector: Collector, mails: MailServer, port: int) -> None:
        self.bus = notifier_bus.bus
        self.collector = collector
        self.mails = mails
        self._port = port
        self.party = party_ref(self.bus.pepper, "citizen", CITIZEN)
        others = (party_ref(self.bus.pepper, "citizen", each) for each in NEIGHBOURS)
        wish = wishes(cadences=IMMEDIATE)
        notifier_bus.want(*(wish.model_copy(update={"party_ref": each}) for each in (self.party, *others)))
        self.processes: list[CasebusProcess] = []

    def publish(self, case_id: str, traceparent: str | None, citizen: str = CITIZEN) -> None:
        case = Case(agency=AGENCY, case_id=case_id, title="Zorgbudget", citizen=citizen)
        settings = AgencySettings(kafka=self.bus.kafka, tracing=TracingSettings(endpoint=self.collector.endpoint))
        with CaseStatusProducer(settings, agency=AGENCY, current_traceparent=lambda: traceparent) as producer:
            producer.publish(case.received(sequence=1))

    def publish_broken(self, traceparent: str) -> None:
        """An event whose ids are a citizen's number: nothing of it may be told."""
        event = {"id": CITIZEN, "subject": CITIZEN, "traceparent": traceparent}
        with self.bus.producer() as producer:
            producer.produce(self.bus.topics.submitted(AGENCY), json.dumps(event).encode(), CITIZEN)

    def overview(self, **headers: str) -> httpx.Response:
        bearer = {"Authorization": f"Bearer {self.bus.stack.tokens.issue(CITIZEN)}"}
        return httpx.get(f"http://127.0.0.1:{self._port}/v1/overview", headers=bearer | headers, timeout=10)

    def is_visible(self, case_id: str) -> bool:
        try:
            return case_id in self.overview().text
        except httpx.HTTPError:
            return False


@contextmanager
def traced_bus(stack: LocalStack, prefix: str) -> Iterator[TracedBus]:
    with ExitStack() as opened:
        collector, mails = opened.enter_context(Collector()), opened.enter_context(MailServer())
        dsn, profile_dsn = (opened.enter_context(fresh_database(stack.dsn)) for _ in range(2))
        notifier_bus, port = NotifierBus(stack, prefix, dsn), free_port()
        traced = TracedBus(notifier_bus, collector, mails, port)
        tracing = {"CASEBUS_TRACING__ENDPOINT": collector.endpoint}
        profile = {
            "CASEBUS_DATABASE__DSN": profile_dsn,
            "CASEBUS_PROFILE__PORT": str(port),
            "CASEBUS_PROFILE__OPERATIONS_PORT": str(free_port()),
            "CASEBUS_PROFILE__CONSUMER_GROUP": f"{prefix}-profile",
        }
        traced.processes = [
            opened.enter_context(traced.bus.run_streams(**tracing)),
            opened.enter_context(traced.bus.run("profile", **profile, **tracing)),
            opened.enter_context(notifier_bus.notifier(mails.port, **tracing)),
        ]
        yield traced


@pytest.mark.integration
@pytest.mark.timeout(180)
def test_an_event_s_whole_way_is_one_tree_of_spans_and_names_nobody(stack: LocalStack, topic_prefix: str) -> None:
    with traced_bus(stack, topic_prefix) as traced:
        for neighbour, traceparent in zip(NEIGHBOURS, (NOT_RECORDED, None), strict=True):
            traced.publish("2026-1", traceparent, neighbour)
        wait_for_mails(traced.mails, 2, *traced.processes)
        traced.publish_broken(REFUSED)
        began_ns = time.time_ns()
        traced.publish("2026-3", TRACED)
        wait_for_mails(traced.mails, 3, *traced.processes)
        wait_until(lambda: traced.is_visible("2026-3"), timeout_seconds=30, describe="the case can be seen")
        ended_ns = time.time_ns()
        assert traced.overview(traceparent=TRACED).status_code == 200
        wanted = {(TRACE_ID, step) for step in (*TREE, "/v1/overview")} | {(REFUSED[3:35], "intake")}
        spans = traced.collector.wait_for(
            lambda all_: wanted <= {(each.trace_id, each.step) for each in all_}, "every step's span"
        )
        [(address, mail)] = [(to, mail) for to, mail in traced.mails.mails() if TRACE_ID in str(mail["Traceparent"])]
        bodies = list(traced.collector.bodies)

    found = {each.step: each for each in spans if each.trace_id == TRACE_ID}
    assert_is_the_tree(found, began_ns, ended_ns)
    assert_tells_where(found, traced.bus)
    assert mail["Traceparent"] == f"00-{TRACE_ID}-{found['send'].span_id}-01"

    request = found["/v1/overview"]
    assert (request.name, request.parent_id, request.service) == ("GET /v1/overview", CALLER, "casebus-profile")
    assert request.attributes["http.response.status_code"] == 200

    # Of what nobody records there is no span, and of a refused event none but intake's, which says why.
    [refused] = [each for each in spans if each.trace_id != TRACE_ID]
    assert (refused.step, refused.trace_id, refused.is_error) == ("intake", REFUSED[3:35], True)
    assert "casebus.case_id" not in refused.attributes
    assert len(spans) == len(TREE) + 2

    sent = b"".join(bodies)
    for secret in (CITIZEN, traced.party, "Zorgbudget", address):
        assert secret.encode() not in sent


def assert_is_the_tree(found: dict[str, ReceivedSpan], began_ns: int, ended_ns: int) -> None:
    for step, parent in TREE.items():
        span = found[step]
        assert span.parent_id == (CALLER if parent is None else found[parent].span_id), step
        assert span.service == SERVICES[step]
        assert not span.is_error
        assert began_ns <= span.started_ns < span.ended_ns, step
        assert span.ended_ns - span.started_ns < ended_ns - began_ns, step
        assert parent is None or found[parent].started_ns < span.started_ns, step


def assert_tells_where(found: dict[str, ReceivedSpan], bus: Bus) -> None:
    topics = {
        "publish": bus.topics.submitted(AGENCY),
        "intake": bus.topics.submitted(AGENCY),
        "overviews": bus.topics.accepted,
        "visible": bus.topics.overviews,
        "plan": bus.topics.changes,
    }
    for step, topic in topics.items():
        attributes = found[step].attributes
        assert attributes["messaging.destination.name"] == topic
        assert attributes["messaging.kafka.offset"] >= 0
        assert attributes["messaging.destination.partition.id"].isdigit()
        assert step == "visible" or (attributes["casebus.agency"], attributes["casebus.case_id"]) == (AGENCY, "2026-3")
    event_ids = {found[step].attributes["cloudevents.event_id"] for step in ("publish", "intake", "overviews", "plan")}
    assert len(event_ids) == 1


@pytest.mark.integration
def test_without_an_endpoint_nobody_connects_whatever_other_variables_say(
    stack: LocalStack, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = Bus(stack, topic_prefix)
    bus.make_topics([AGENCY])
    case = Case(agency=AGENCY, case_id="2026-1", title="Premie", citizen=CITIZEN)
    with Collector() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
        with bus.run_streams(OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint) as streams:
            settings = AgencySettings(kafka=bus.kafka)
            with CaseStatusProducer(settings, agency=AGENCY, current_traceparent=lambda: TRACED) as producer:
                producer.publish(case.received(sequence=1))
            [overview] = bus.reader(bus.topics.overviews).read_until(lambda read: len(read) == 1, alive=streams.check)
            streams.terminate()
            streams.wait(30)
        assert collector.connections == 0
    assert not overview.headers()


SERVICE_SETTINGS: Final = {
    "CASEBUS_TRACING__ENDPOINT": "http://127.0.0.1:1",
    "CASEBUS_PSEUDONYM__PEPPER": "p" * 32,
    "CASEBUS_DATABASE__DSN": "host=127.0.0.1",
    "CASEBUS_PROFILE__ISSUER": "https://login.example",
    "CASEBUS_PROFILE__AUDIENCE": "casebus",
    "CASEBUS_PROFILE__JWKS_URL": "https://login.example/keys",
    "CASEBUS_NOTIFIER__PORTAL_NAME": "Mijn overzicht",
    "CASEBUS_NOTIFIER__OVERVIEW_URL": "https://overzicht.example/",
    "CASEBUS_NOTIFIER__PREFERENCES_URL": "https://overzicht.example/berichten",
    "CASEBUS_NOTIFIER__DIRECTORY": "mails",
}


@pytest.mark.parametrize(
    "command",
    [
        ("run", "streams"),
        ("run", "profile"),
        ("run", "notifier"),
        ("publish", "events.ndjson", "--agency", AGENCY),
    ],
    ids=lambda command: command[1],
)
def test_a_process_that_lacks_the_extra_says_at_its_start_what_to_install(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in SERVICE_SETTINGS.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "events.ndjson").write_text("")
    program = "import sys; sys.modules['opentelemetry'] = None; from casebus_producers.cli import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", program, *command], capture_output=True, text=True, timeout=60, cwd=tmp_path
    )
    assert ended.returncode == 2
    assert ended.stderr.strip().endswith("OpenTelemetry is not installed: pip install 'casebus[otel]'")
    assert len(ended.stderr.strip().splitlines()) == 1


def test_the_sdk_says_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "casebus_producers.tracing.otlp", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(SettingError, match=r"casebus\[otel\]"):
        open_tracer(TracingSettings(endpoint="http://127.0.0.1:1"), "x")


def test_by_default_there_is_no_tracer_and_the_library_is_not_even_imported() -> None:
    program = (
        "import sys; from casebus_producers import AgencySettings, CaseStatusProducer\n"
        "CaseStatusProducer(AgencySettings(), agency='OVO000001').close()\n"
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
