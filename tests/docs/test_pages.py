"""Links lead somewhere, and nobody's number stands on a page."""

from __future__ import annotations

import json
import re

import pytest
from tests.docs.pages import REPOSITORY, Page, anchor_of, pages

from casebus_schemas import decode_event, insz_of, is_insz

LINK = re.compile(r"\]\(([^)\s]+)\)")
ELEVEN_DIGITS = re.compile(r"(?<![0-9])(?:[0-9][ .\-]?){10}[0-9](?![0-9])")
MADE_UP = {"85073003328"}

each_page = pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)


def dead_links(page: Page) -> list[str]:
    return [target for target in LINK.findall(page.prose) if not leads_somewhere(page, target)]


def leads_somewhere(page: Page, target: str) -> bool:
    if target.startswith("https://"):
        return True
    name, _, fragment = target.partition("#")
    if not name:
        return fragment in page.anchors
    path = (page.path.parent / name).resolve()
    if not path.exists() or not path.is_relative_to(REPOSITORY):
        return False
    return not fragment or fragment in Page.read(path).anchors


def strangers(text: str) -> list[str]:
    """Valid national numbers that are not known to be made up, however they are written."""
    found = (re.sub(r"[^0-9]", "", match[0]) for match in ELEVEN_DIGITS.finditer(text))
    return [number for number in found if is_insz(number) and number not in MADE_UP]


@each_page
def test_links_lead_somewhere(page: Page) -> None:
    assert dead_links(page) == []


@each_page
def test_no_number_but_made_up_ones(page: Page) -> None:
    assert strangers(page.text) == []


@each_page
def test_json_is_json_and_events_are_valid(page: Page) -> None:
    for snippet in page.snippets("json"):
        if "specversion" in json.loads(snippet.text):
            decode_event(snippet.text.encode())


def test_a_dead_link_is_found() -> None:
    text = "# A b\n[1](#a-b) [2](#c) [3](absent.md) [4](publishing.md#the-event) [5](../../x)\n"
    page = Page(REPOSITORY / "docs" / "x.md", text)
    assert dead_links(page) == ["#c", "absent.md", "../../x"]


def test_a_number_is_found() -> None:
    assert strangers("85.07.30-033.28 and 850730 033 28") == []
    number = insz_of("850730001")
    written = f"{number[:2]}.{number[2:4]}.{number[4:6]}-{number[6:9]}.{number[9:]}"
    assert strangers(f"a {written} b {number}") == [number] * 2


def test_anchors_are_those_of_the_usual_renderers() -> None:
    assert anchor_of("What's `left_over` of A-B, today?") == "whats-left_over-of-a-b-today"
