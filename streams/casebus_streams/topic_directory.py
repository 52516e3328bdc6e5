"""Which topics exist: asked of the broker before a record goes to an agency's own topic.

A transaction that writes to a topic nobody made fails for ever and would hold up every other agency.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from casebus_producers.settings import KafkaSettings
from casebus_streams.topic_admin import admin_client

_LOOK_AGAIN_SECONDS = 5.0
_ANSWER_SECONDS = 5.0
"""Shorter than a transaction may take: the brokers are asked within one."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What the brokers said. ``at`` is when they were asked, in Unix seconds: a topic made later may not be in it."""

    topics: frozenset[str]
    at: float


class TopicDirectory:
    """Remembers the topics seen; looks again for one that it does not know. Both stages of a worker may ask at once.

    At most every few seconds, but always when what asks for the topic is younger than the last look: an agency may
    publish a moment after its topics were made.
    """

    def __init__(self, kafka: KafkaSettings) -> None:
        self._admin = admin_client(kafka)
        self._last = _Look(frozenset(), at=float("-inf"))

    def has(self, topic: str, at_ms: int = 0) -> bool:
        """Whether ``topic`` exists, or did at ``at_ms`` (Unix milliseconds). May block for one metadata request.

        Raises ``KafkaException`` when the brokers do not answer, and remembers nothing of it.
        """
        # Only a look that has its answer counts: what another thread is still asking for must not look missing.
        look = self._last
        if topic not in look.topics and _is_too_old(look, at_ms):
            asked_at = time.time()
            self._last = look = _Look(frozenset(self._admin.list_topics(timeout=_ANSWER_SECONDS).topics), asked_at)
        return topic in look.topics


def _is_too_old(look: _Look, at_ms: int) -> bool:
    return look.at * 1000 <= at_ms or not 0 <= time.time() - look.at <= _LOOK_AGAIN_SECONDS
