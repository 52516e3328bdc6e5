"""What can go wrong between a planned notice and a message that arrived.

``NotifierError``
    ``SendError``                 root of what a channel raises; ``reason`` names it, never an address
        ``TemporaryError``        the other side may take it later: try again, with growing waits
        ``ProviderDownError``     the provider itself does not work: try again, and leave it alone for a while
        ``RefusedError``          it will never be taken: the message has failed, and an operator may look
    ``TemplateError``             a text or template is missing: the process stops
"""

from __future__ import annotations

from casebus_consumers.errors import ConsumerError


class NotifierError(ConsumerError):
    """Root of the notifier's errors."""


class SendError(NotifierError):
    """A message was not accepted, or nobody knows whether it was. ``reason`` is a short code such as ``smtp-451``."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class TemporaryError(SendError):
    """Try again. ``not_before_seconds`` is the wait that the other side asked for, if it did."""

    def __init__(self, reason: str, *, not_before_seconds: float = 0.0) -> None:
        self.not_before_seconds = not_before_seconds
        super().__init__(reason)


class ProviderDownError(TemporaryError):
    """Try again; whatever else goes to this provider would fail as well."""


class RefusedError(SendError):
    """Never retried: this message will not be accepted in this form at this address."""


class TemplateError(NotifierError):
    """The texts do not fit the code. The process stops: a citizen must not get half a sentence."""
