"""The quotas of a cluster's users: read and changed, by the one client at hand that lets a request be added."""

from __future__ import annotations

import asyncio
from typing import Any

from aiokafka.client import AIOKafkaClient  # type: ignore[import-untyped]  # it ships no types
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]  # it ships no types
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

from casebus_producers.settings import KafkaSettings
from casebus_streams.access.errors import AccessError
from casebus_streams.access.quota_requests import AlterUserQuota, DescribeUserQuotas
from casebus_streams.access.quotas import Quota
from casebus_streams.sources.credentials import broker_credentials

_TIMEOUT_SECONDS = 30.0


class BrokerQuotas:
    """Every call connects, asks and blocks. Raises ``AccessError``, and ``SettingError`` as ``broker_credentials``."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka

    def limits(self) -> dict[str, dict[str, float]]:
        """The limits of each user that has any, under Kafka's names."""
        answer = self._ask(DescribeUserQuotas())
        _check(answer.error_code, answer.error_message)
        return {entity[0][1]: dict(values) for entity, values in answer.entries or []}

    def limit(self, user: str, quota: Quota) -> None:
        """Set the quota of ``user``; from now on, also for what it has open."""
        for code, message, _ in self._ask(AlterUserQuota(user, quota.entries())).entries:
            _check(code, message)

    def _ask(self, request: DescribeUserQuotas | AlterUserQuota) -> Any:
        try:
            return asyncio.run(asyncio.wait_for(self._ask_any_broker(request), _TIMEOUT_SECONDS))
        except (KafkaError, TimeoutError) as error:
            raise AccessError(f"quotas: the brokers did not answer: {type(error).__name__}") from error

    async def _ask_any_broker(self, request: DescribeUserQuotas | AlterUserQuota) -> Any:
        client = AIOKafkaClient(
            bootstrap_servers=self._kafka.bootstrap_servers,
            client_id=self._kafka.client_id,
            **credentials_to_aiokafka_auth(broker_credentials(self._kafka)),
        )
        try:
            await client.bootstrap()
            return await client.send(client.get_random_node(), request)
        finally:
            await client.close()


def _check(code: int, message: str | None) -> None:
    if code != 0:
        raise AccessError(f"quotas: {message or f'Kafka refused with error {code}'}")
