"""What can go wrong between an agency and the bus; each class says whether to retry, to fix or to stop.

ProducerError                    root; the message is fit for a log and a terminal, and holds no event content
├── WrongAgencyError             fix     the event's source names another agency than the producer was built for
├── BackPressureError            retry   the queue stayed full; this event was not taken, all before it were
├── UndeliveredError             retry   events are still on their way at the end of the time given; wait again
├── DeliveryError                retry   named events did not arrive, or may not have: publish them again, same ids
├── BrokerError                  stop    Kafka cannot be reached, or refuses this topic: a retry alone cannot help
├── ClosedError                  fix     the producer was closed before this call
├── InputError                   fix     a file cannot be read as what it should be
└── MappingError                 fix     a mapping file breaks a rule of its language, or does not fit its CSV file

An event that breaks the contract raises ``casebus_schemas.InvalidEventError`` (fix), before anything is sent.
To publish an event again is always safe: its id makes it the same event.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from casebus_schemas.errors import Reason

if TYPE_CHECKING:
    from casebus_producers.delivery import Handle

NAMED_IN_MESSAGE = 5
"""So many failed events are named in an error's message; its attribute holds them all."""


class ProducerError(Exception):
    """Root of this package's errors."""


class WrongAgencyError(ProducerError, ValueError):
    """Fix: an agency publishes its own events only. ``reason`` says so in the form of a validation's finding."""

    def __init__(self, *, expected: str, found: str) -> None:
        self.expected = expected
        self.found = found
        self.reason = Reason(
            field="source",
            rule="source.agency",
            message=f"names agency {found}; this producer publishes for {expected}",
        )
        super().__init__(str(self.reason))


class BackPressureError(ProducerError):
    """Retry: nothing left the queue for ``waited_seconds``. Publish the same event again, later."""

    def __init__(self, *, queued: int, waited_seconds: float, last_problem: str | None) -> None:
        self.queued = queued
        self.waited_seconds = waited_seconds
        self.last_problem = last_problem
        super().__init__(
            f"the queue stayed full ({queued} events) for {waited_seconds:g} s; the event was not taken: "
            f"publish it again later{_because(last_problem)}"
        )


class UndeliveredError(ProducerError, TimeoutError):
    """Retry: ``pending`` events are still on their way. Wait again; they are neither lost nor confirmed."""

    def __init__(self, *, pending: int, waited_seconds: float, last_problem: str | None) -> None:
        self.pending = pending
        self.waited_seconds = waited_seconds
        self.last_problem = last_problem
        super().__init__(f"{pending} events unconfirmed after {waited_seconds:g} s{_because(last_problem)}")


class DeliveryError(ProducerError):
    """Retry: the events in ``failures`` did not arrive, or it is not known that they did. Each names its cause."""

    def __init__(self, failures: Sequence[Handle], *, pending: int = 0) -> None:
        self.failures = tuple(failures)
        self.pending = pending
        named = "; ".join(str(failure) for failure in self.failures[:NAMED_IN_MESSAGE])
        others = len(self.failures) - NAMED_IN_MESSAGE
        super().__init__(
            f"{len(self.failures)} events not delivered: {named}"
            + (f"; and {others} others" if others > 0 else "")
            + (f" ({pending} more unconfirmed)" if pending else "")
        )


class BrokerError(ProducerError):
    """Stop: ask the operator of the bus, or build a new producer. The message says what Kafka said."""


class ClosedError(ProducerError):
    """Fix: a closed producer takes nothing; build a new one."""

    def __init__(self) -> None:
        super().__init__("the producer is closed")


class InputError(ProducerError):
    """Fix: the file is missing, or is not what its name or its options say."""


class MappingError(ProducerError):
    """Fix: ``key`` is the place in the mapping file (``event.data.status.phase``), ``problem`` the broken rule."""

    def __init__(self, key: str, problem: str) -> None:
        self.key = key
        self.problem = problem
        super().__init__(f"mapping: {key}: {problem}")


def _because(problem: str | None) -> str:
    return f" (Kafka's last word: {problem})" if problem else ""
