"""A real Chromium, if there is one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: the page is not tested in one")
PATIENCE_MILLISECONDS = 20_000


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, closed at the end."""
    with sync_playwright() as playwright:
        # As root, in a container, Chromium's own sandbox cannot be set up.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def log_in(page: Page, url: str, who: str) -> None:
    """As a visitor does: open the first page, log in, choose who to be."""
    page.goto(url)
    page.locator("main a.button").click()
    page.locator(f"#{who}").click()
    page.wait_for_url(f"{url}/")
