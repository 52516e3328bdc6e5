"""What came of an agency's events: what the bus refused or remarked on, and what became of the notifications.

    for rejection in rejections(AgencySettings(), agency="OVO000123", group="my-system"):
        ...

Names are loaded when they are first used, as in ``casebus_producers``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from casebus_producers.feedback.errors import OutdatedReaderError
    from casebus_producers.feedback.topics import outcomes, rejections
    from casebus_producers.feedback.verdict import VerdictTally, VerdictWatch

__all__ = ["OutdatedReaderError", "VerdictTally", "VerdictWatch", "outcomes", "rejections"]

_HOME_OF = {
    "OutdatedReaderError": "errors",
    "VerdictTally": "verdict",
    "VerdictWatch": "verdict",
    "outcomes": "topics",
    "rejections": "topics",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
