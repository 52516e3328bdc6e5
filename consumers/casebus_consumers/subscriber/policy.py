"""How a subscriber goes about failures, as values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from itertools import islice

from casebus_consumers.retry import FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS, growing_waits
from casebus_schemas import SchemaError


class Start(Enum):
    """Where a group begins that has never committed: at the oldest record there is, or at what comes from now on."""

    EARLIEST = "earliest"
    LATEST = "latest"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often a record is handled again after an error, and with which waits.

    ``attempts`` counts the first one too; None is for ever. Only errors in ``on`` are retried, and none in ``never``:
    a record that breaks the contract does so every time. While a record waits, so does its topic, and the member
    keeps its partitions.
    """

    attempts: int | None = 5
    first_wait_seconds: float = FIRST_WAIT_SECONDS
    longest_wait_seconds: float = LONGEST_WAIT_SECONDS
    on: tuple[type[Exception], ...] = (Exception,)
    never: tuple[type[Exception], ...] = (SchemaError,)

    def wait_after(self, error: Exception, attempt: int) -> float | None:
        """Seconds to wait after the failed ``attempt``, counted from 1; None when there is to be no other."""
        if not isinstance(error, self.on) or isinstance(error, self.never):
            return None
        if self.attempts is not None and attempt >= self.attempts:
            return None
        return next(islice(self._waits(), min(attempt, _DOUBLINGS) - 1, None))

    def _waits(self) -> Iterator[float]:
        return growing_waits(self.first_wait_seconds, self.longest_wait_seconds)


_DOUBLINGS = 40
"""After as many any first wait has grown to the longest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailurePolicy:
    """What becomes of a record that cannot be read, or handled after all attempts.

    It is written to the topic ``dead_letters``, and the subscriber goes on, or, without such a topic, the subscriber
    ends with an error and begins at the same record when it is started again: nothing is passed over in silence.
    """

    retry: RetryPolicy = field(default_factory=RetryPolicy)
    dead_letters: str | None = None
