"""The connection's security reaches Faust, or the worker does not start."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from faust.auth import SASLCredentials, SSLCredentials
from prometheus_client import CollectorRegistry
from tests.notifier.certificate import self_signed

from casebus_producers.settings import KafkaSettings, SettingError
from casebus_streams.sources.application import build_sources_app
from casebus_streams.sources.credentials import broker_credentials
from casebus_streams.sources.settings import SourcesSettings
from casebus_streams.stage_health import StageHealth

PASSWORD = "not-a-real-one"


@pytest.fixture
def tls(tmp_path: Path) -> dict[str, str | int | float | bool]:
    certificate, key = self_signed(tmp_path)
    return {
        "SSL_CA_LOCATION": str(certificate),
        "SSL_CERTIFICATE_LOCATION": str(certificate),
        "SSL_KEY_LOCATION": str(key),
    }


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(f"{PASSWORD}\n")
    return path


def test_without_security_there_are_no_credentials() -> None:
    assert broker_credentials(KafkaSettings()) is None


def test_a_user_over_tls(tls: dict[str, str | int | float | bool], password_file: Path) -> None:
    sasl = {"SECURITY_PROTOCOL": "SASL_SSL", "SASL_MECHANISM": "SCRAM-SHA-512", "SASL_USERNAME": "sources"}
    kafka = KafkaSettings(password_file=password_file, extra={**tls, **sasl})
    app = build_sources_app(SourcesSettings(kafka=kafka), CollectorRegistry(), StageHealth("sources"))
    credentials = app.conf.broker_credentials
    assert isinstance(credentials, SASLCredentials)
    assert (credentials.username, credentials.password) == ("sources", PASSWORD)
    assert credentials.protocol.value == "SASL_SSL"
    assert credentials.mechanism.value == "SCRAM-SHA-512"
    assert credentials.ssl_context is not None
    assert credentials.ssl_context.verify_mode is ssl.CERT_REQUIRED
    assert credentials.ssl_context.check_hostname
    assert PASSWORD not in repr(credentials)


def test_a_user_without_tls(password_file: Path) -> None:
    sasl = {"SECURITY_PROTOCOL": "sasl_plaintext", "SASL_MECHANISMS": "PLAIN", "SASL_USERNAME": "sources"}
    credentials = broker_credentials(KafkaSettings(password_file=password_file, extra=dict(sasl)))
    assert isinstance(credentials, SASLCredentials)
    assert credentials.protocol.value == "SASL_PLAINTEXT"


def test_a_client_certificate(tls: dict[str, str | int | float | bool]) -> None:
    names = {"SSL_ENDPOINT_IDENTIFICATION_ALGORITHM": "none"}
    credentials = broker_credentials(KafkaSettings(extra={"SECURITY_PROTOCOL": "SSL", **tls, **names}))
    assert isinstance(credentials, SSLCredentials)
    assert not credentials.context.check_hostname
    assert credentials.context.verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("extra", "names"),
    [
        ({"SECURITY_PROTOCOL": "SASL_SSL", "SASL_MECHANISM": "OAUTHBEARER"}, "sasl.mechanism"),
        ({"SECURITY_PROTOCOL": "SASL_PLAINTEXT", "SASL_MECHANISM": "PLAIN"}, "sasl.username"),
        ({"SECURITY_PROTOCOL": "SASL_SSL", "SASL_OAUTHBEARER_CONFIG": "x"}, "sasl.oauthbearer.config"),
        ({"SECURITY_PROTOCOL": "SSL", "ENABLE_SSL_CERTIFICATE_VERIFICATION": "false"}, "enable.ssl"),
        ({"SECURITY_PROTOCOL": "SSL", "SSL_CA_LOCATION": "/does/not/exist"}, "ssl."),
        ({"SECURITY_PROTOCOL": "TLS"}, "security.protocol"),
    ],
)
def test_what_faust_cannot_do_stops_the_start(extra: dict[str, str | int | float | bool], names: str) -> None:
    with pytest.raises(SettingError, match=names):
        broker_credentials(KafkaSettings(extra=extra))
