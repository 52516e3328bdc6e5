"""What a stage does when something fails; the class says which.

``StreamsError``
    ``DeadLetterError``   this record cannot be handled by any code: dead-letter it, the partition goes on
    ``RetryError``        the transaction was aborted: decide and write the same records again
    ``UndecidedError``    the answer to a commit got lost: the committed offsets tell what became of it
    ``EpochSwitchError``  another epoch of the overviews takes over: leave the group, wait, begin anew
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


class EpochSwitchError(StreamsError):
    """The overviews are being switched to another topic, or have been: what this worker holds is of no use."""


class UndecidedError(StreamsError):
    """The transaction has ended, nobody knows how: all of the batch was written, or nothing."""


class StopError(StreamsError):
    """The worker must not go on. An operator, or a fresh start, has to look at it."""
