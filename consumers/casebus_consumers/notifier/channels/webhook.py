"""Messages handed to another provider over HTTPS: for SMS, or an e-Box gateway."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Collection
from typing import Final
from urllib.parse import urlsplit

import httpx
import orjson

from casebus_consumers.notifier.channels.signature import sign
from casebus_consumers.notifier.errors import ProviderDownError, RefusedError, TemporaryError
from casebus_consumers.notifier.message import Message
from casebus_schemas import ChannelKind

RETRIED: Final = frozenset({408, 409, 425, 429})
"""Of the client errors, those that may pass: time-out, in progress, too early, too many."""

LONGEST_RETRY_AFTER_SECONDS: Final = 3600.0


class WebhookChannel:
    """Calls only ``hosts``: where a call leads is the citizen's to choose, but only among the providers we know.

    Follows no redirects and reads no answer's body.
    """

    kind = ChannelKind.WEBHOOK

    def __init__(
        self,
        *,
        secret: bytes,
        hosts: Collection[str],
        timeout_seconds: float = 10.0,
        ca_file: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._secret = secret
        self._hosts = frozenset(hosts)
        self._clock = clock
        self._client = httpx.AsyncClient(
            timeout=timeout_seconds,
            verify=ssl.create_default_context(cafile=ca_file),
            trust_env=False,
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=20),
        )

    def provider(self, address: str) -> str:
        """The host: known ones only, so that it tells nothing of the citizen."""
        host = urlsplit(address).netloc
        return host if host in self._hosts else "unknown"

    async def send(self, message: Message, address: str) -> None:
        """As ``Channel.send``: a 2xx answer within the time-out is acceptance."""
        if urlsplit(address).netloc not in self._hosts:
            raise RefusedError("webhook-host")
        body = webhook_body(message)
        timestamp = int(self._clock())
        headers = {
            "content-type": "application/json",
            "idempotency-key": str(message.id),
            "webhook-id": str(message.id),
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(self._secret, str(message.id), timestamp, body),
            **({} if message.traceparent is None else {"traceparent": message.traceparent}),
        }
        try:
            async with self._client.stream("POST", address, content=body, headers=headers) as answer:
                status, retry_after = answer.status_code, answer.headers.get("retry-after", "")
        except httpx.TimeoutException:
            raise ProviderDownError("webhook-timeout") from None
        except httpx.HTTPError:
            raise ProviderDownError("webhook-connection") from None  # the original holds the address
        _judge(status, retry_after)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()


def webhook_body(message: Message) -> bytes:
    """The same bytes in every attempt."""
    return orjson.dumps(
        {
            "id": str(message.id),
            "created_at": message.created_at.isoformat().replace("+00:00", "Z"),
            "language": message.language,
            "urgent": message.is_urgent,
            "subject": message.subject,
            "text": message.text,
        }
    )


def _judge(status: int, retry_after: str) -> None:
    if 200 <= status < 300:
        return
    reason = f"webhook-{status}"
    wait = min(float(retry_after), LONGEST_RETRY_AFTER_SECONDS) if retry_after.isdigit() else 0.0
    if status >= 500:
        raise ProviderDownError(reason, not_before_seconds=wait)
    if status in RETRIED:
        raise TemporaryError(reason, not_before_seconds=wait)
    raise RefusedError(reason)
