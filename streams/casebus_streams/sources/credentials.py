"""The broker connection as Faust wants it: its client is not librdkafka and knows none of its properties.

A security property that cannot be translated is an error at the start. Left out silently, it would mean a connection
with less protection than the operator asked for.
"""

from __future__ import annotations

import ssl
from typing import Final

from faust.auth import SASLCredentials, SSLCredentials
from faust.types.auth import CredentialsT, SASLMechanism

from casebus_producers.settings import KafkaSettings, SettingError

Config = dict[str, str | int | float | bool]

_MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_TLS: Final = frozenset(
    {
        "ssl.ca.location",
        "ssl.certificate.location",
        "ssl.key.location",
        "ssl.key.password",
        "ssl.endpoint.identification.algorithm",
    }
)
_SASL: Final = frozenset({"sasl.mechanism", "sasl.mechanisms", "sasl.username", "sasl.password"})


def broker_urls(kafka: KafkaSettings) -> list[str]:
    """The brokers to begin with."""
    return [f"kafka://{server.strip()}" for server in str(kafka.client_config()["bootstrap.servers"]).split(",")]


def broker_credentials(kafka: KafkaSettings) -> CredentialsT | None:
    """What Faust needs to connect as ``kafka`` says; None for a connection without protection.

    Reads the password's and the certificates' files. Raises ``SettingError`` for what Faust's client cannot do.
    """
    config = kafka.client_config()
    unknown = sorted(
        name for name in config if name.startswith(("ssl.", "sasl.", "enable.ssl.")) and name not in _TLS | _SASL
    )
    if unknown:
        raise SettingError(f"kafka.extra: {unknown[0]} cannot be used by casebus run sources")
    protocol = str(config.get("security.protocol", "plaintext")).upper()
    match protocol:
        case "PLAINTEXT":
            return None
        case "SSL":
            return SSLCredentials(_tls(config))
        case "SASL_PLAINTEXT":
            return _sasl(config, None)
        case "SASL_SSL":
            return _sasl(config, _tls(config))
    raise SettingError(f"kafka.extra: security.protocol {protocol} is not known")


def _sasl(config: Config, context: ssl.SSLContext | None) -> SASLCredentials:
    mechanism = str(config.get("sasl.mechanism", config.get("sasl.mechanisms", ""))).upper()
    if mechanism not in _MECHANISMS:
        raise SettingError(
            f"kafka.extra: sasl.mechanism must be one of {', '.join(_MECHANISMS)} for casebus run sources"
        )
    if "sasl.username" not in config or "sasl.password" not in config:
        raise SettingError("kafka.extra: sasl.username and a password are needed")
    return SASLCredentials(
        username=str(config["sasl.username"]),
        password=str(config["sasl.password"]),
        ssl_context=context,
        mechanism=SASLMechanism(mechanism),
    )


def _tls(config: Config) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=_text(config, "ssl.ca.location"))
        if (certificate := _text(config, "ssl.certificate.location")) is not None:
            context.load_cert_chain(
                certificate, _text(config, "ssl.key.location"), password=_text(config, "ssl.key.password")
            )
    except OSError as error:  # ssl.SSLError is one
        raise SettingError(f"kafka.extra: the files of ssl.… cannot be used: {error.strerror or error}") from error
    context.check_hostname = str(config.get("ssl.endpoint.identification.algorithm", "https")).lower() != "none"
    return context


def _text(config: Config, name: str) -> str | None:
    return str(config[name]) if name in config else None
