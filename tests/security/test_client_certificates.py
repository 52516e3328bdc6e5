"""A certificate instead of a password, on a listener that asks for one: the same user, the same rights."""

from __future__ import annotations

from pathlib import Path

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from tests.security.conftest import A, B
from tests.security.secured_bus import SecuredBus, write

from casebus_local.certificates import CertificateAuthority
from casebus_local.ports import LOOPBACK
from casebus_producers import KafkaSettings

pytestmark = pytest.mark.integration


def test_a_certificate_is_the_agency_s_user(bus: SecuredBus, tmp_path: Path) -> None:
    kafka = with_certificate(bus, CertificateAuthority(bus.secured.directory), tmp_path / "agency.pem")

    assert write(kafka, bus.topics.submitted(A)) is None
    refused = write(kafka, bus.topics.submitted(B))

    assert refused is not None
    assert refused.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_a_certificate_of_another_authority_is_nobody(bus: SecuredBus, tmp_path: Path) -> None:
    stranger = CertificateAuthority(tmp_path / "stranger")
    stranger.create()
    known = CertificateAuthority(bus.secured.directory)
    assert brokers_seen(with_certificate(bus, known, tmp_path / "known.pem")) == {1}
    with pytest.raises(KafkaException):
        brokers_seen(with_certificate(bus, stranger, tmp_path / "unknown.pem"), patience_seconds=3)


def brokers_seen(kafka: KafkaSettings, *, patience_seconds: float = 30) -> set[int]:
    admin = AdminClient({**kafka.client_config(), "log_level": 0})
    return set(admin.list_topics(timeout=patience_seconds).brokers)


def with_certificate(bus: SecuredBus, authority: CertificateAuthority, file: Path) -> KafkaSettings:
    """Agency A on the brokers' listener, with a certificate that ``authority`` signed."""
    authority.issue(A, file)
    return KafkaSettings(
        bootstrap_servers=f"{LOOPBACK}:{bus.stack.brokers[0].node.internal_port}",
        topic_prefix=bus.topics.prefix,
        extra={
            "security_protocol": "SSL",
            "ssl_ca_location": str(bus.secured.authority_file),
            "ssl_certificate_location": str(file),
            "ssl_key_location": str(file),
        },
    )
