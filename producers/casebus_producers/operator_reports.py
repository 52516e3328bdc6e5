"""What the parts of casebus tell operators of themselves, through commands that another part offers.

``casebus status`` and ``casebus doctor`` come with the stream stages; what they show of databases comes from the
services that keep them, when those are installed. A part contributes by a function of its command module, the one that
the entry points ``casebus.commands`` name: ``status_sections`` and ``doctor_findings``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final, TypeAlias

COMMANDS: Final = "casebus.commands"

Fact: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class StatusSection:
    """A few lines of ``casebus status``. ``faults`` are what an operator should look at; ``facts`` are for programs."""

    name: str
    lines: tuple[str, ...]
    faults: tuple[str, ...] = ()
    facts: dict[str, Fact] = field(default_factory=dict)


class Verdict(StrEnum):
    """What a check came to. ``UNKNOWN``: it could not be made, mostly for want of a right or a setting."""

    WELL = "well"
    WARNING = "warning"
    PROBLEM = "problem"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check of ``casebus doctor``: of what, what it came to, in words, and what to do about it."""

    area: str
    subject: str
    verdict: Verdict
    says: str
    do: str = ""


StatusSections: TypeAlias = Callable[[Sequence[Path]], Iterable[StatusSection]]
"""Given files with connection strings of databases; without any, those of the environment. Blocks, raises nothing."""

DoctorFindings: TypeAlias = Callable[[Sequence[Path]], Iterable[Finding]]
"""The same."""


def contributed(name: str) -> Iterator[Callable[..., object]]:
    """The functions called ``name`` of the parts whose commands were loaded with this process's command line."""
    for part in sorted(entry_points(group=COMMANDS), key=lambda part: part.name):
        if part.module in sys.modules and (function := getattr(import_module(part.module), name, None)) is not None:
            yield function
