"""Shell snippets, command by command: which a test can run, and what can be said of the others."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from tests.docs.pages import Snippet

_EXIT_CODE = re.compile(r"#.*\bexit code (\d+)")
_SERVING = {("casebus", "run"), ("casebus", "up"), ("casebus", "demo")}
_ELSEWHERE = {"make", "pip", "export"}
_RUN_HERE = {"casebus", "echo", "python3"}


@dataclass(frozen=True)
class Command:
    """One command of a snippet and the exit code that its comment announces."""

    text: str
    exit_code: int

    @property
    def words(self) -> list[str]:
        return shlex.split(self.text, comments=True)

    @property
    def program(self) -> str:
        return self.words[0]

    @property
    def is_serving(self) -> bool:
        """Whether it runs until it is stopped, or for long."""
        return tuple(self.words[:2]) in _SERVING

    @property
    def is_run(self) -> bool:
        """Whether a test runs it as it is. Raises for a program that no test knows: none goes unlooked at."""
        if self.program in _ELSEWHERE or self.program.startswith(".venv/"):
            return False
        if self.program not in _RUN_HERE:
            raise ValueError(f"no test covers {self.program}: {self.text}")
        return not self.is_serving


def commands(snippet: Snippet) -> Iterator[Command]:
    for line in snippet.text.replace("\\\n", " ").splitlines():
        if shlex.split(line, comments=True):
            announced = _EXIT_CODE.search(line)
            yield Command(line, int(announced[1]) if announced else 0)


def without_figures(text: str) -> str:
    """Output as far as it is the same each time."""
    return re.sub(r"(?<![A-Za-z0-9])[0-9][0-9.,]*(?![A-Za-z0-9])", "0", text)
