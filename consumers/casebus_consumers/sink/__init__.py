"""A transactional sink: rows and the offsets they come from in one PostgreSQL transaction."""

from casebus_consumers.sink.database import SinkDatabase
from casebus_consumers.sink.dead_letters import DeadLetterWriter
from casebus_consumers.sink.metrics import SinkMetrics
from casebus_consumers.sink.migrations_runner import apply_migrations
from casebus_consumers.sink.sink import Sink, Target
from casebus_consumers.sink.topic_sink import topic_sink

__all__ = ["DeadLetterWriter", "Sink", "SinkDatabase", "SinkMetrics", "Target", "apply_migrations", "topic_sink"]
