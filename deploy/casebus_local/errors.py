"""What can go wrong with the local stack.

LocalStackError          root; its message is one sentence fit for a terminal
├── MissingToolError     something must be installed first: the message says what
└── ProcessDiedError     a server or a worker ended by itself: the message ends with its last log lines
"""

from __future__ import annotations


class LocalStackError(Exception):
    """Root of this package's errors; the message can be shown to a person as it is."""


class MissingToolError(LocalStackError):
    """A program or package the stack needs is not installed; the message says what to install."""


class ProcessDiedError(LocalStackError):
    """A child process ended when it should be running, or failed; carries its name and exit code."""

    def __init__(self, name: str, exit_code: int, log_tail: str) -> None:
        super().__init__(f"{name} ended with exit code {exit_code}; its last log lines:\n{log_tail}")
        self.name = name
        self.exit_code = exit_code
