"""casebus's own commands as child processes of a local stack."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from casebus_local.child_process import ChildProcess


class CasebusProcess(ChildProcess):
    """``casebus ARGUMENTS`` in the background, as a context manager killed at the end.

    ``environment`` (a stack's, plus what the process needs besides) is added to this process's own.
    """

    def __init__(self, *arguments: str, environment: Mapping[str, str], log_path: Path) -> None:
        super().__init__(
            f"casebus {' '.join(arguments)}",
            [sys.executable, "-m", "casebus_producers.cli", *arguments],
            log_path=log_path,
            environment={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
        )
