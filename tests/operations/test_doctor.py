"""``casebus doctor``: nothing to complain about on a healthy bus, and each fault found with what to do about it."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource  # type: ignore[attr-defined]
from confluent_kafka.admin._resource import ResourceType
from tests.bus import Bus
from tests.notifier.certificate import self_signed
from tests.notifier.mail_server import MailServer
from tests.streams_operations.commands import casebus, settings

from casebus_consumers.operator_reports.database_checks import database_findings
from casebus_consumers.operator_reports.identity_checks import identity_findings
from casebus_consumers.operator_reports.mail_checks import mail_findings
from casebus_consumers.sink import apply_migrations
from casebus_producers.operator_reports import Finding, Verdict
from casebus_schemas import encode
from casebus_schemas.control import RetentionPolicy, clock_key, new_clock
from casebus_streams.doctor.cluster_checks import setting_findings
from casebus_streams.doctor.secret_checks import secret_findings
from casebus_streams.settings import StreamsSettings
from casebus_streams.topic_admin import admin_client

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

AGENCY = "OVO000001"
COMPONENTS = ("casebus_consumers.sink", "casebus_consumers.profile", "casebus_consumers.notifier")


def verdicts(findings: Iterable[Finding]) -> dict[str, Verdict]:
    return {finding.subject: finding.verdict for finding in findings}


def problems(report: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {each["subject"]: each for each in report["findings"] if each["verdict"] == "problem"}


def change_setting(bus: Bus, topic: str, name: str, value: str) -> None:
    admin = admin_client(bus.kafka)
    entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    admin.incremental_alter_configs([resource])[resource].result()


def test_a_healthy_bus_has_nothing_that_must_be_mended(bus: Bus, database: str, tmp_path: Path) -> None:
    bus.make_topics([AGENCY])
    dsn_file = tmp_path / "dsn"
    dsn_file.write_text(database)
    apply_migrations(database, *COMPONENTS)
    day = date(2026, 11, 28)
    with bus.producer() as producer:  # a record of another kind than the others of its topic
        producer.produce(bus.topics.accepted, encode(new_clock(day, RetentionPolicy())), clock_key(0, day), 0)
    with bus.run_streams() as streams, bus.run("sources") as sources:
        bus.wait_until_in_group("intake")
        bus.wait_until_in_group("overviews")
        bus.wait_until_in_group("sources")
        done = casebus(bus, "doctor", "--json", "--database", str(dsn_file))
        streams.check()
        sources.check()
    assert problems(done.report) == {}
    assert done.code == 0
    assert [each for each in done.report["findings"] if each["area"] == "records" and each["verdict"] != "well"] == []
    checked = {each["area"] for each in done.report["findings"]}
    assert checked >= {"brokers", "topics", "rights", "clocks", "records", "workers", "secrets", "databases"}


def test_each_fault_of_a_sick_bus_is_found_with_what_to_do(bus: Bus) -> None:
    bus.make_topics([AGENCY])
    admin = admin_client(bus.kafka)
    admin.delete_topics([bus.topics.rejected(AGENCY)], operation_timeout=30)[bus.topics.rejected(AGENCY)].result()
    change_setting(bus, bus.topics.accepted, "cleanup.policy", "delete")
    with bus.producer() as producer:
        producer.produce(bus.topics.changes, b'{"change_id": "of another release"}', b"p1.x", 0)
    environment = {**os.environ, **bus.stack.environment, **settings(bus), "CASEBUS_STREAMS__PARTITIONS": "12"}
    command = [sys.executable, "-m", "casebus_producers.cli", "doctor"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 1, done.stderr
    for told, remedy in (
        (f"missing: {bus.topics.rejected(AGENCY)}", f"casebus topics apply --agency {AGENCY} --partitions 4"),
        ("cleanup.policy is delete, compact declared", "set it as declared"),
        ("CASEBUS_STREAMS__PARTITIONS is 12, the topics have 4", "set it to 4 for every worker"),
        ("1 of the latest 1 are not of this release", "upgrade what reads"),
        ("intake: no worker runs", "casebus run streams --stages intake"),
        ("sources: no worker runs", "casebus run sources"),
    ):
        assert told in done.stdout, done.stdout
        assert remedy in done.stdout, done.stdout


@pytest.mark.parametrize(
    ("name", "well", "otherwise", "verdict"),
    [
        ("auto.create.topics.enable", "false", "true", Verdict.PROBLEM),
        ("unclean.leader.election.enable", "false", "true", Verdict.PROBLEM),
        ("transaction.abort.timed.out.transaction.cleanup.interval.ms", "1000", "10000", Verdict.WARNING),
        ("broker.session.timeout.ms", "3000", "9000", Verdict.WARNING),
    ],
)
def test_a_setting_of_the_brokers_that_is_other_than_it_should_be_is_told(
    name: str, well: str, otherwise: str, verdict: Verdict
) -> None:
    assert verdicts(setting_findings({name: well}))[name] is Verdict.WELL
    [told] = [each for each in setting_findings({name: otherwise}) if each.subject == name]
    assert (told.verdict, told.says.startswith(f"is {otherwise}: ")) == (verdict, True)
    assert verdicts(setting_findings({}))[name] is verdict, "not to be seen is not well"


def test_how_long_a_broker_may_be_silent_says_nothing_where_nobody_could_take_over() -> None:
    silent_for_long = {"broker.session.timeout.ms": "20000"}
    assert "broker.session.timeout.ms" not in verdicts(setting_findings(silent_for_long, is_alone=True))
    assert verdicts(setting_findings(silent_for_long))["broker.session.timeout.ms"] is Verdict.WARNING


@pytest.fixture
def dsn_file(bus: Bus, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A migrated database of the bus."""
    monkeypatch.setenv("CASEBUS_KAFKA__BOOTSTRAP_SERVERS", bus.kafka.bootstrap_servers)
    monkeypatch.setenv("CASEBUS_KAFKA__TOPIC_PREFIX", bus.topics.prefix)
    apply_migrations(database, *COMPONENTS)
    file = tmp_path / "dsn"
    file.write_text(database)
    return file


def change_database(dsn_file: Path, statement: str, *values: object) -> None:
    with psycopg.connect(dsn_file.read_text()) as connection:
        connection.execute(statement, values)


def said(dsn_file: Path) -> list[str]:
    return [f"{each.verdict} {each.says}" for each in database_findings([dsn_file]) if each.verdict != Verdict.WELL]


def test_a_database_of_this_release_is_well(dsn_file: Path) -> None:
    assert said(dsn_file) == []


def test_a_database_that_another_release_has_changed_is_told(dsn_file: Path) -> None:
    change_database(dsn_file, "INSERT INTO schema_migrations VALUES ('casebus_consumers.profile', 9999, 'x')")
    assert said(dsn_file) == ["warning a newer release has applied profile 9999"]
    change_database(
        dsn_file, "UPDATE schema_migrations SET sha256 = 'y' WHERE component LIKE '%%notifier' AND number = 1"
    )
    assert said(dsn_file) == ["problem migration notifier 0001 differs from what was applied"]


def test_offsets_beyond_a_topic_that_was_made_anew_are_found(bus: Bus, dsn_file: Path) -> None:
    bus.make_topics([])
    statement = "INSERT INTO sink_offsets (topic, partition, next_offset) VALUES (%s, 0, 12)"
    change_database(dsn_file, statement, bus.topics.overviews)
    [told] = said(dsn_file)
    assert told.startswith(f"problem beyond the end of {bus.topics.overviews}, partitions [0]")


def test_an_empty_or_absent_database_is_a_problem_and_no_password_is_told(database: str, tmp_path: Path) -> None:
    empty, absent = tmp_path / "empty", tmp_path / "absent"
    empty.write_text(database)
    absent.write_text("postgresql://casebus:secret-of-mine@127.0.0.1:1/casebus")
    found = list(database_findings([empty, absent]))
    assert next(each.says for each in found if each.verdict is Verdict.PROBLEM) == "holds no tables of casebus"
    assert verdicts(found)["connection"] is Verdict.PROBLEM
    assert not any("secret-of-mine" in f"{each.says}{each.do}" for each in found)
    [missing] = database_findings([tmp_path / "no-file"])
    assert missing.verdict is Verdict.PROBLEM


@pytest.fixture
def mail_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The notifier's environment but for the server's port and certificate."""
    for name, value in {
        "PORTAL_NAME": "Portal",
        "OVERVIEW_URL": "https://portal.example/",
        "PREFERENCES_URL": "https://portal.example/p",
        "SMTP__HOST": "localhost",
        "SMTP__SENDER_NAME": "Portal",
        "SMTP__SENDER_ADDRESS": "no-reply@portal.example",
    }.items():
        monkeypatch.setenv(f"CASEBUS_NOTIFIER__{name}", value)
    return monkeypatch


def test_a_mail_server_is_greeted_over_tls_and_its_certificate_watched(
    mail_settings: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate, key = self_signed(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    with MailServer(tls=context) as server:
        mail_settings.setenv("CASEBUS_NOTIFIER__SMTP__PORT", str(server.port))
        [untrusted] = mail_findings()
        mail_settings.setenv("CASEBUS_NOTIFIER__SMTP__CA_FILE", str(certificate))
        trusted = list(mail_findings())
        assert server.mails() == []
    assert (untrusted.verdict, "TLS" in untrusted.says) == (Verdict.PROBLEM, True)
    assert verdicts(trusted) == {f"localhost:{server.port}": Verdict.WELL, "certificate": Verdict.WARNING}
    [gone] = mail_findings()
    assert (gone.verdict, gone.says) == (Verdict.PROBLEM, "does not take us: ConnectionRefusedError")


def test_without_a_mail_server_or_an_identity_provider_in_the_environment_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CASEBUS_PROFILE__ISSUER", raising=False)
    assert list(mail_findings()) == []
    assert list(identity_findings()) == []


@contextmanager
def answering(*, seconds_ahead: float) -> Iterator[str]:
    """The address of a server whose clock is wrong by so much."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(405)
            self.send_header("Date", formatdate(time.time() + seconds_ahead, usegmt=True))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/token"
        server.shutdown()
        thread.join()


def test_the_identity_provider_s_keys_addresses_and_clock_are_tried(
    bus: Bus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in bus.stack.environment.items():
        monkeypatch.setenv(name, value)
    assert verdicts(identity_findings()) == {"keys": Verdict.WELL}
    broken = tmp_path / "jwks"
    broken.write_text("{}")
    monkeypatch.setenv("CASEBUS_PROFILE__JWKS_FILE", str(broken))
    login = {
        "PUBLIC_URL": "https://portal.example",
        "CLIENT_ID": "page",
        "AUTHORIZATION_ENDPOINT": "http://127.0.0.1:1/a",
    }
    with answering(seconds_ahead=60) as address:
        for name, value in (login | {"TOKEN_ENDPOINT": address}).items():
            monkeypatch.setenv(f"CASEBUS_PROFILE__LOGIN__{name}", value)
        assert verdicts(identity_findings()) == {
            "keys": Verdict.PROBLEM,
            "login": Verdict.PROBLEM,
            "tokens": Verdict.WELL,
            "tokens clock": Verdict.PROBLEM,
        }


def test_a_wrong_setting_of_the_profile_service_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEBUS_PROFILE__ISSUER", "https://identity.example")
    [*found] = identity_findings()
    assert {each.verdict for each in found} == {Verdict.PROBLEM}
    assert any("audience" in each.says for each in found)


def test_a_secret_that_everyone_can_read_or_that_is_too_short_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pepper = tmp_path / "pepper"
    pepper.write_text("x" * 32)
    pepper.chmod(0o600)
    monkeypatch.setenv("CASEBUS_PSEUDONYM__PEPPER_FILE", str(pepper))
    assert verdicts(secret_findings(StreamsSettings())) == {"pepper": Verdict.WELL}
    pepper.chmod(0o644)
    assert verdicts(secret_findings(StreamsSettings())) == {"pepper": Verdict.WARNING}
    pepper.write_text("short")
    assert verdicts(secret_findings(StreamsSettings())) == {"pepper": Verdict.PROBLEM}
