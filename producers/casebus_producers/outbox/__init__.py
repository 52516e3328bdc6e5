"""The transactional outbox: an event is written in the agency's own database transaction and sent afterwards.

    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("UPDATE grant_file SET ...")
        add(cursor, event)

``casebus outbox relay`` sends what was committed. Nothing here needs Kafka or a database driver to be imported.
"""

from casebus_producers.outbox.errors import OutboxError, OutboxSettingError, OutboxUnavailableError
from casebus_producers.outbox.table import Database, add, create_statements, insert_statement, parameters

__all__ = [
    "Database",
    "OutboxError",
    "OutboxSettingError",
    "OutboxUnavailableError",
    "add",
    "create_statements",
    "insert_statement",
    "parameters",
]
