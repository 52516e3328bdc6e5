"""What can go wrong with an outbox.

OutboxError (a ``ProducerError``)
├── OutboxUnavailableError   retry   the database does not answer, or was lost; every row is still there
└── OutboxSettingError       fix     no database is named, its driver is missing, or it has no outbox table

An event that breaks the contract raises ``casebus_schemas.InvalidEventError`` when it is added: fix it.
"""

from __future__ import annotations

from casebus_producers.errors import ProducerError


class OutboxError(ProducerError):
    """Root of this package's errors. No message holds an event's content, nor a password."""


class OutboxUnavailableError(OutboxError):
    """Retry: the database cannot be reached or the connection was lost. No row is lost by it."""


class OutboxSettingError(OutboxError):
    """Fix: the message names the setting, the missing package, or the missing table."""
