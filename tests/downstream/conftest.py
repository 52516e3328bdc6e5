"""Fixtures of the consumer kit's tests."""

from __future__ import annotations

import pytest
from tests.downstream.places import AGENCY, PARTITIONS, DownstreamBus

from casebus_local import LocalStack


@pytest.fixture
def bus(stack: LocalStack, topic_prefix: str) -> DownstreamBus:
    """A bus with all topics of one agency."""
    made = DownstreamBus(stack, topic_prefix, partitions=PARTITIONS)
    made.make_topics([AGENCY])
    return made
