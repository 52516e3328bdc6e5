"""What stops an act on a cluster's rights: mend the cause and run the command again, every step may be repeated."""

from __future__ import annotations

from casebus_streams.errors import StreamsError


class AccessError(StreamsError):
    """Rights could not be read or changed; the message says which rule stands in the way."""
