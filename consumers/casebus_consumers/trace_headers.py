"""Which traces a record's headers name."""

from __future__ import annotations

from confluent_kafka import Message

from casebus_producers.tracing import TRACEPARENT_HEADER


def traceparents_of(message: Message) -> tuple[str, ...]:
    """The ``traceparent`` headers of a message: one for each traced event that it is new with."""
    headers = message.headers()
    if not headers:
        return ()
    pairs = headers.items() if isinstance(headers, dict) else headers
    return tuple(
        value.decode("ascii", "replace") if isinstance(value, bytes) else value
        for name, value in pairs
        if name == TRACEPARENT_HEADER and value is not None
    )
