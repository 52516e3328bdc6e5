"""Which topics exist: asked of the broker before a record goes to an agency's own topic.

A transaction that writes to a topic nobody made fails for ever and would hold up every other agency.
"""

from __future__ import annotations

import time

from casebus_producers.settings import KafkaSettings
from casebus_streams.topic_admin import admin_client

_LOOK_AGAIN_SECONDS = 5.0


class TopicDirectory:
    """Remembers the topics seen; looks again, at most every few seconds, for one that it does not know."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._admin = admin_client(kafka)
        self._known: frozenset[str] = frozenset()
        self._looked_at = float("-inf")

    def has(self, topic: str) -> bool:
        """Whether ``topic`` exists. May block for one metadata request."""
        if topic not in self._known and time.monotonic() - self._looked_at > _LOOK_AGAIN_SECONDS:
            self._known = frozenset(self._admin.list_topics(timeout=10).topics)
            self._looked_at = time.monotonic()
        return topic in self._known
