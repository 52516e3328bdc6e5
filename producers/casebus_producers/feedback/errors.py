"""What can go wrong when an agency reads what the bus tells it, besides ``BrokerError`` (stop: ask the operator).

OutdatedReaderError (a ``ProducerError``)   fix   the bus writes what this version cannot read: install a newer one
"""

from __future__ import annotations

from casebus_producers.errors import ProducerError


class OutdatedReaderError(ProducerError):
    """Fix: install a newer casebus. The message names the record's position, the field and the rule, never a value."""
