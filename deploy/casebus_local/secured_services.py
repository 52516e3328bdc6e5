"""The users of a secured local Kafka: one for each service with its own rights, and agencies with theirs."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from pathlib import Path

from casebus_local.keys import write_secret
from casebus_local.secured import SecuredListeners
from casebus_local.stack import LocalStack
from casebus_producers.settings import KafkaSettings
from casebus_schemas import Topics
from casebus_streams.access.broker_access import BrokerAccess
from casebus_streams.access.client_settings import ClientSettings
from casebus_streams.access.onboarding import Onboarding
from casebus_streams.access.services import Service, service_grants
from casebus_streams.topic_admin import admin_client

_PASSWORD_BYTES = 24


def administrator_of(stack: LocalStack, topic_prefix: str = "case-status") -> KafkaSettings:
    """The connection of whoever may do everything: of anyone, where the stack is not secured."""
    properties = {} if stack.secured is None else stack.secured.client_properties()
    return KafkaSettings(
        bootstrap_servers=stack.bootstrap_servers,
        topic_prefix=topic_prefix,
        extra={name.replace(".", "_"): value for name, value in properties.items()},
    )


def let_service_in(kafka: KafkaSettings, secured: SecuredListeners, service: Service) -> dict[str, str]:
    """Give ``service`` a user with the rights of its kind; return the settings with which it connects.

    ``kafka`` is the administrator's connection. The same user each time; errors as ``BrokerAccess``. Blocks.
    """
    password_file = secured.directory / f"{service.name}-password"
    if not password_file.exists():
        write_secret(password_file, secrets.token_urlsafe(_PASSWORD_BYTES))
    access = BrokerAccess(admin_client(kafka))
    access.give(service.name, service_grants(service, Topics(kafka.topic_prefix)))
    access.set_password(service.name, password_file.read_text())
    return secured.environment(service.name, password_file)


def let_agencies_in(kafka: KafkaSettings, agencies: Iterable[str], directory: Path) -> list[ClientSettings]:
    """As ``casebus agencies add`` for each; but with a new password; return the settings that were written. Blocks."""
    onboarding = Onboarding(kafka)
    # A new password each time: the ports are new ones too, so the file of the last time leads nowhere.
    plans = [onboarding.plan(agency, new_password=True) for agency in agencies]
    written = [onboarding.add(plan, directory / plan.agency) for plan in plans]
    return [files for files in written if files is not None]
