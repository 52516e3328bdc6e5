"""Where a span stands in its trace (W3C Trace Context), and how the bus names its own spans. Pure.

The record formats carry the agency's ``traceparent`` unchanged through all topics, so no stage can hand its own span
to the next one in it. Instead a span of the bus is *named after what it is about*: both sides compute the same id from
the ``traceparent`` and the event. Nothing has to be written for that, and an event that is handled twice has one span.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Final, NamedTuple, Self

_FORM: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]([0-9a-f])")
_SAMPLED: Final = 1

TRACEPARENT_HEADER: Final = "traceparent"
"""The header of a Kafka record or a request that names a span."""


class TraceContext(NamedTuple):
    """A span by its trace and its own id, in lower-case hexadecimal digits: 32 and 16 of them."""

    trace_id: str
    span_id: str

    @classmethod
    def sampled(cls, traceparent: str | None) -> Self | None:
        """The span that a ``traceparent`` names; None when it is malformed, or its trace is not recorded."""
        found = None if traceparent is None else _FORM.fullmatch(traceparent)
        if found is None or not int(found[3], 16) & _SAMPLED:
            return None
        return cls(found[1], found[2])

    @property
    def traceparent(self) -> str:
        """As a header says it. Its trace is recorded."""
        return f"00-{self.trace_id}-{self.span_id}-01"

    def is_within(self, share: float) -> bool:
        """Whether the trace is one of this share of all (0 to 1): the same answer in every process.

        As OpenTelemetry's ``TraceIdRatioBased``, so that other services can leave out the same traces.
        """
        return int(self.trace_id[16:], 16) < round(share * 2**64)

    def step(self, step: str, subject: str) -> TraceContext:
        """The span of a step that the bus takes with ``subject`` within this trace."""
        digest = blake2b(f"{self.trace_id}-{self.span_id}|{step}|{subject}".encode(), digest_size=8).hexdigest()
        return TraceContext(self.trace_id, digest)
