"""What happens to events between an agency and the bus: late, twice, or broken. Each step is a generator."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import cycle
from random import Random
from typing import Final

from casebus_local.simulator.faults import Fault, broken
from casebus_local.simulator.submission import Submission, What

_WINDOW: Final = 1000
"""How many submissions are remembered for repetition, and how many may be held back at a time."""


def hold_some_back(submissions: Iterable[Submission], rng: Random, *, share: float) -> Iterator[Submission]:
    """Let about ``share`` of the events arrive after the next one of their case, marked ``late``."""
    held: dict[bytes | None, Submission] = {}
    for submission in submissions:
        earlier = held.pop(submission.key, None)
        if earlier is not None:
            yield submission
            yield earlier._replace(what=What.LATE)
        elif rng.random() < share:
            held[submission.key] = submission
            if len(held) > _WINDOW:
                yield held.pop(next(iter(held)))
        else:
            yield submission


def repeat_some(submissions: Iterable[Submission], rng: Random, *, share: float) -> Iterator[Submission]:
    """Put in the same bytes again, some time later, so that about ``share`` of all are duplicates."""
    recent: deque[Submission] = deque(maxlen=_WINDOW)
    per_submission = share / (1 - share)
    for submission in submissions:
        yield submission
        recent.append(submission)
        if rng.random() < per_submission:
            yield rng.choice(recent)._replace(what=What.DUPLICATE)


def break_some(submissions: Iterable[Submission], *, every: int) -> Iterator[Submission]:
    """After each ``every`` submissions one that is invalid, of each kind in turn: a broken copy of what passed by."""
    faults = cycle(Fault)
    passed = 0
    for submission in submissions:
        yield submission
        passed += 1
        if passed >= every and submission.value is not None and b"status-changed.v1" in submission.value:
            fault = next(faults)
            key, value = broken(fault, submission.key, submission.value)
            yield Submission(submission.agency, key, value, What.INVALID, fault)
            passed = 0
