"""For an agency's own tests: producers without Kafka, valid example events, and what a set of events shows.

Needs no pytest; ``casebus_producers.pytest_plugin`` is its plug-in, with the fixture ``case_status_producer``.
"""

from casebus_producers.testing.conformance import CAPABILITIES, Shown
from casebus_producers.testing.examples import (
    example_case,
    example_citizen,
    example_enterprise,
    example_event,
    example_life,
)
from casebus_producers.testing.memory_kafka import MemoryKafka, StoredRecord
from casebus_producers.testing.preview import SeenCase, preview
from casebus_producers.testing.recording import EXAMPLE_AGENCY, AsyncRecordingProducer, RecordingProducer
from casebus_producers.testing.text_lint import Remark, remarks

__all__ = [
    "CAPABILITIES",
    "EXAMPLE_AGENCY",
    "AsyncRecordingProducer",
    "MemoryKafka",
    "RecordingProducer",
    "Remark",
    "SeenCase",
    "Shown",
    "StoredRecord",
    "example_case",
    "example_citizen",
    "example_enterprise",
    "example_event",
    "example_life",
    "preview",
    "remarks",
]
