"""Submitted events in quantity: the simulator's agencies, valid ones only, for intake."""

from __future__ import annotations

from collections import defaultdict

from benchmarks.bus import BenchBus
from benchmarks.topic_record import TopicRecord

from casebus_local.simulator import Simulation, Submission


def simulation(events: int) -> Simulation:
    """What agencies publish on a good day; multi-party cases, corrections and retractions are in it."""
    return Simulation(events=events, seed=5, invalid_share=0, duplicate_share=0.01, late_share=0.01)


def fill_submitted(bus: BenchBus, submissions: list[Submission]) -> list[str]:
    """Write each agency's events to its topic, which must exist; returns the topics' names."""
    by_topic: defaultdict[str, list[TopicRecord]] = defaultdict(list)
    for submission in submissions:
        by_topic[bus.topics.submitted(submission.agency)].append(TopicRecord(-1, submission.key, submission.value))
    for topic, records in by_topic.items():
        bus.fill(topic, records)
    return sorted(by_topic)
