"""How large the fault campaigns are: small for every test run, large for ``make faults``."""

from __future__ import annotations

import os

import pytest

IS_LARGE = os.environ.get("CASEBUS_FAULTS") == "large"

only_large = pytest.mark.campaign
"""Too long for every test run whatever its size."""


def sized(small: int, large: int) -> int:
    """``small`` in every test run, ``large`` in ``make faults``."""
    return large if IS_LARGE else small
