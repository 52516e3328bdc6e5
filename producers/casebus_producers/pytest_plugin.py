"""The pytest plug-in: the fixture ``case_status_producer``. Found by pytest once casebus is installed.

Loads nothing else before a test asks for the fixture: every run of an agency's tests imports this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from casebus_producers.testing import RecordingProducer


@pytest.fixture
def case_status_producer() -> Iterator[RecordingProducer]:
    """A ``RecordingProducer`` for agency OVO000123, closed after the test; undelivered events then fail the test."""
    from casebus_producers.testing import RecordingProducer

    with RecordingProducer() as producer:
        yield producer
