"""A local Kafka that asks who is there: TLS on every listener, SCRAM for clients, ACLs for all they do.

Clients connect over SASL_SSL with SCRAM-SHA-512. Brokers and controllers talk on listeners of their own, over TLS with
a certificate on both sides.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from casebus_local.certificates import CertificateAuthority
from casebus_local.keys import write_secret
from casebus_local.ports import LOOPBACK

ADMINISTRATOR = "admin"
"""The principal that may do everything, as the stack's own commands do."""

_BROKER = "broker"
_PASSWORD_BYTES = 24


@dataclass(frozen=True)
class SecuredListeners:
    """The secrets of a secured cluster in one directory, made by ``create`` and kept with the cluster's data."""

    directory: Path

    @property
    def authority_file(self) -> Path:
        """The certificate that clients trust (PEM)."""
        return CertificateAuthority(self.directory).certificate_file

    @property
    def password_file(self) -> Path:
        """The administrator's password."""
        return self.directory / "admin-password"

    def create(self) -> None:
        """Write the files that do not exist yet: authority, the brokers' certificate, the administrator's password."""
        authority = CertificateAuthority(self.directory)
        authority.create()
        if not self._broker_file.exists():
            authority.issue(_BROKER, self._broker_file)
        if not self.password_file.exists():
            write_secret(self.password_file, secrets.token_urlsafe(_PASSWORD_BYTES))

    def broker_properties(self, port: int, internal_port: int, controller_port: int) -> dict[str, str]:
        """What a broker's server.properties says otherwise than in the clear."""
        return {
            "listeners": f"CLIENTS://{LOOPBACK}:{port},INTERNAL://{LOOPBACK}:{internal_port},"
            f"CONTROLLER://{LOOPBACK}:{controller_port}",
            "advertised.listeners": f"CLIENTS://{LOOPBACK}:{port},INTERNAL://{LOOPBACK}:{internal_port}",
            "listener.security.protocol.map": "CLIENTS:SASL_SSL,INTERNAL:SSL,CONTROLLER:SSL",
            "inter.broker.listener.name": "INTERNAL",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.clients.scram-sha-512.sasl.jaas.config": (
                "org.apache.kafka.common.security.scram.ScramLoginModule required;"
            ),
            # A replaced password ends what was opened with the old one within the hour.
            "connections.max.reauth.ms": "3600000",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self._broker_file),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.authority_file),
            "listener.name.internal.ssl.client.auth": "required",
            "listener.name.controller.ssl.client.auth": "required",
            "ssl.principal.mapping.rules": "RULE:^CN=([^,]+).*$/$1/",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "allow.everyone.if.no.acl.found": "false",
            "super.users": f"User:{_BROKER};User:{ADMINISTRATOR}",
        }

    def format_options(self) -> list[str]:
        """What the storage tool is told: the administrator must be known before anyone can be let in to add users."""
        password = self.password_file.read_text()
        return ["--add-scram", f"SCRAM-SHA-512=[name={ADMINISTRATOR},password={password}]"]

    def client_properties(self) -> dict[str, str]:
        """The administrator's librdkafka properties."""
        return {
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": ADMINISTRATOR,
            "sasl.password": self.password_file.read_text(),
            "ssl.ca.location": str(self.authority_file),
        }

    def environment(self, user: str, password_file: Path) -> dict[str, str]:
        """The settings with which a casebus process connects as ``user``."""
        return {
            "CASEBUS_KAFKA__EXTRA__SECURITY_PROTOCOL": "SASL_SSL",
            "CASEBUS_KAFKA__EXTRA__SASL_MECHANISM": "SCRAM-SHA-512",
            "CASEBUS_KAFKA__EXTRA__SASL_USERNAME": user,
            "CASEBUS_KAFKA__EXTRA__SSL_CA_LOCATION": str(self.authority_file),
            "CASEBUS_KAFKA__PASSWORD_FILE": str(password_file),
        }

    @property
    def _broker_file(self) -> Path:
        return self.directory / "broker.pem"
