"""What a downstream team tests with: a bus in memory, and records to put on it. ``examples`` holds the records."""

from casebus_consumers.testing.fake_bus import FakeBus

__all__ = ["FakeBus"]
