"""An agency let in and shut out: plan, then topics, rights, password, files, in an order that can be repeated."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from casebus_producers.settings import KafkaSettings
from casebus_schemas import Topics
from casebus_streams.access.agencies import AgencyTopics, agency_grants
from casebus_streams.access.agency_plan import AgencyPlan, plan_agency
from casebus_streams.access.broker_access import BrokerAccess
from casebus_streams.access.broker_quotas import BrokerQuotas
from casebus_streams.access.client_settings import ClientSettings, new_password
from casebus_streams.topic_admin import admin_client, apply_topics

_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class KnownAgency:
    """What the cluster has of one agency."""

    agency: str
    has_topics: bool
    has_password: bool
    missing_grants: int

    @property
    def state(self) -> str:
        """``enabled`` when all is as it should be, ``disabled`` when it cannot log in, else ``incomplete``."""
        if not self.has_password:
            return "disabled"
        return "enabled" if self.has_topics and self.missing_grants == 0 else "incomplete"


class Onboarding:
    """The agencies of one cluster and prefix. Every call blocks; errors as ``BrokerAccess`` and ``BrokerQuotas``."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._topics = Topics(kafka.topic_prefix)
        self._admin = admin_client(kafka)
        self._access = BrokerAccess(self._admin)
        self._quotas = BrokerQuotas(kafka)

    def plan(self, agency: str, *, new_password: bool = False) -> AgencyPlan:
        """What ``add`` would do."""
        return plan_agency(
            agency,
            self._topics,
            existing_topics=self._existing_topics(),
            grants=self._access.grants().get(agency, frozenset()),
            limits=self._quotas.limits().get(agency, {}),
            has_password=agency in self._access.users(),
            new_password=new_password,
        )

    def add(self, plan: AgencyPlan, directory: Path, *, replication_factor: int = -1) -> ClientSettings | None:
        """Do what ``plan`` says; return the files that were written to ``directory``, None when the password stays.

        The password comes last: an agency that can log in finds all it needs. Also raises ``OSError``.
        """
        agency = plan.agency
        password = new_password()
        files = ClientSettings(directory) if plan.sets_password else None
        if files is not None:
            files.prepare(agency, self._kafka, password)
        if plan.missing_topics:
            only_its_own = AgencyTopics(self._topics.prefix)
            apply_topics(self._admin, only_its_own, [agency], replication_factor=replication_factor)
        self._access.give(agency, plan.missing_grants)
        if plan.sets_quota is not None:
            self._quotas.limit(agency, plan.sets_quota)
        if files is not None:
            self._access.set_password(agency, password)
            files.finish()
        return files

    def disable(self, agency: str) -> bool:
        """Take its rights and its password; its topics and what is in them stay. Says whether it had either."""
        has_password = agency in self._access.users()
        has_grants = agency in self._access.grants()
        self._access.take_all(agency)
        if has_password:
            self._access.remove_password(agency)
        return has_password or has_grants

    def known(self) -> list[KnownAgency]:
        """Every agency that has topics, in the order of the codes."""
        existing, users, grants = self._existing_topics(), self._access.users(), self._access.grants()
        submitted = self._topics.submitted("")
        agencies = sorted(name.removeprefix(submitted) for name in existing if name.startswith(submitted))
        return [
            KnownAgency(
                agency,
                has_topics=not _declared(self._topics, agency) - existing,
                has_password=agency in users,
                missing_grants=len(agency_grants(agency, self._topics) - grants.get(agency, frozenset())),
            )
            for agency in agencies
        ]

    def _existing_topics(self) -> frozenset[str]:
        return frozenset(self._admin.list_topics(timeout=_TIMEOUT_SECONDS).topics)


def _declared(topics: Topics, agency: str) -> set[str]:
    return {name for name, _ in AgencyTopics(topics.prefix).declared([agency])}
