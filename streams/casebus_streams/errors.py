"""What a stage does when something fails; the class says which.

``StreamsError``
    ``DeadLetterError``   this record cannot be handled by any code: dead-letter it, the partition goes on
    ``RetryError``        the transaction was aborted: decide and write the same records again
    ``StopError``         going on could lose or corrupt something: the worker stops, loudly, with exit code 3
"""

from __future__ import annotations


class StreamsError(Exception):
    """Root of this package's errors."""


class DeadLetterError(StreamsError):
    """One record is beyond handling. ``reason`` is a short rule name, the message says more, never values."""

    def __init__(self, reason: str, message: str) -> None:
        self.reason = reason
        super().__init__(message)


class RetryError(StreamsError):
    """Nothing of the batch was written; it may be tried again as it is."""


class StopError(StreamsError):
    """The worker must not go on. An operator, or a fresh start, has to look at it."""
