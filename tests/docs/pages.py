"""The documentation as a reader has it: headings, links, snippets and tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"
AGENCIES = DOCS / "agencies"

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_CODE = re.compile(r"`([^`]*)`")


@dataclass(frozen=True)
class Snippet:
    """A fenced block. ``output`` is the text block right after it, if there is one."""

    page: str
    line: int
    language: str
    text: str
    output: str | None = None

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Page:
    path: Path
    text: str

    @classmethod
    def read(cls, path: Path) -> Page:
        return cls(path, path.read_text(encoding="utf-8"))

    @property
    def name(self) -> str:
        return str(self.path.relative_to(REPOSITORY))

    @property
    def prose(self) -> str:
        """The page without its fenced blocks."""
        return _FENCE.sub("", self.text)

    @property
    def anchors(self) -> set[str]:
        """The fragments that a link may name, as the usual renderers make them from headings."""
        return {anchor_of(heading) for heading in _HEADING.findall(self.prose)}

    def snippets(self, language: str) -> list[Snippet]:
        return [snippet for snippet in self._snippets() if snippet.language == language]

    def table(self, heading: str, *, number: int = 0) -> list[list[str]]:
        """The rows, without header, of a table under ``heading``, whatever its level; the first unless told."""
        lines = self.section(heading).splitlines()
        tables: list[list[list[str]]] = []
        for index, line in enumerate(lines):
            if re.fullmatch(r"\|[-| ]+\|", line):
                tables.append([])
            elif line.startswith("|") and tables and lines[index - 1].startswith("|"):
                tables[-1].append([cell.strip() for cell in line.strip("|").split("|")])
        return tables[number]

    def column(self, heading: str, column: int = 0, *, number: int = 0) -> list[str]:
        """One column of a table, back-quotes taken away."""
        return [row[column].strip("`") for row in self.table(heading, number=number)]

    def section(self, heading: str) -> str:
        match = re.search(rf"^#{{1,6}} {re.escape(heading)}\n(.*?)(?=^#|\Z)", self.prose, re.MULTILINE | re.DOTALL)
        assert match is not None, f"{self.path.name} has no heading {heading!r}"
        return match[1]

    def _snippets(self) -> Iterator[Snippet]:
        blocks = list(_FENCE.finditer(self.text))
        for block, following in zip_longest(blocks, blocks[1:]):
            is_shown = following is not None and not self.text[block.end() : following.start()].strip()
            output = following[2] if following is not None and is_shown and following[1] == "text" else None
            line = self.text.count("\n", 0, block.start()) + 1
            yield Snippet(self.name, line, block[1], block[2], output)


def codes(cell: str) -> set[str]:
    """What stands in back-quotes."""
    return set(_CODE.findall(cell))


def anchor_of(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def pages() -> list[Page]:
    """Every page a reader is led to."""
    top = [REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md")]
    return [Page.read(path) for path in [*top, *sorted(DOCS.glob("*.md")), *sorted(AGENCIES.glob("*.md"))]]


def page(name: str) -> Page:
    return Page.read(DOCS / name)
