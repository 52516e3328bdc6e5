"""Which topics exist: asked of the broker before a record goes to an agency's own topic.

A transaction that writes to a topic nobody made fails for ever and would hold up every other agency.
"""

from __future__ import annotations

import time

from casebus_producers.settings import KafkaSettings
from casebus_streams.topic_admin import admin_client

_LOOK_AGAIN_SECONDS = 5.0


class TopicDirectory:
    """Remembers the topics seen; looks again for one that it does not know.

    At most every few seconds, but always when what asks for the topic is younger than the last look: an agency may
    publish a moment after its topics were made.
    """

    def __init__(self, kafka: KafkaSettings) -> None:
        self._admin = admin_client(kafka)
        self._known: frozenset[str] = frozenset()
        self._looked_at = float("-inf")

    def has(self, topic: str, at_ms: int = 0) -> bool:
        """Whether ``topic`` exists, or did at ``at_ms`` (Unix milliseconds). May block for one metadata request."""
        if topic not in self._known and self._is_too_old_for(at_ms):
            self._looked_at = time.time()
            self._known = frozenset(self._admin.list_topics(timeout=10).topics)
        return topic in self._known

    def _is_too_old_for(self, at_ms: int) -> bool:
        return self._looked_at * 1000 <= at_ms or not 0 <= time.time() - self._looked_at <= _LOOK_AGAIN_SECONDS
