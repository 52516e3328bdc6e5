"""The independent reference that the demo checks against: ``tests/reference_fold.py``, loaded from the checkout."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, cast

from casebus_local.errors import LocalStackError

Json = dict[str, Any]

REFERENCE_FILE = Path(__file__).parents[3] / "tests" / "reference_fold.py"


class Fold(Protocol):
    """Overviews and changes as they must be."""

    changes: dict[str, Json]

    def apply(self, event: Json) -> None:
        """Take one accepted record."""

    @property
    def overviews(self) -> dict[str, Json]:
        """By ``party_ref``, without ``epoch``."""


class Reference(Protocol):
    """What the module offers."""

    def Fold(self) -> Fold:
        """An empty fold."""

    def accept(self, event: Json, pepper: bytes) -> Iterator[Json]:
        """The accepted records of a valid event."""

    def key_of(self, event: Json) -> str:
        """The key of an accepted record."""

    def party_ref(self, pepper: bytes, kind: str, number: str) -> str:
        """The pseudonym of a party."""


def load_reference() -> Reference:
    """The module, which is part of the repository and not of the installed package.

    It lies with the tests because it must share no line with the product. Raises ``LocalStackError`` without it.
    """
    if not REFERENCE_FILE.exists():
        raise LocalStackError(
            "the demo checks its outcome against tests/reference_fold.py: run it from a checkout of the repository"
        )
    if (root := str(REFERENCE_FILE.parents[1])) not in sys.path:
        sys.path.insert(0, root)
    return cast("Reference", importlib.import_module("tests.reference_fold"))
