"""The pictures of ``docs/portals.md``: ``python -m tests.profile.screenshots docs/images``. Needs a Chromium."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser
from tests.consumers.bus import Bus
from tests.profile import sample
from tests.profile.browser import chromium, log_in
from tests.profile.running import Service, fill, running_service

from casebus_local import LocalStack, fresh_database

CASE = f"/cases/{sample.HOUSING}/PREM-2026-004512"
PICTURES: list[tuple[str, str, int, int, Literal["light", "dark"]]] = [
    ("overview-wide", "/", 1280, 1000, "light"),
    ("overview-tablet-dark", "/", 768, 1000, "dark"),
    ("overview-phone", "/", 360, 740, "light"),
    ("case-wide", CASE, 1280, 1000, "light"),
    ("case-phone-dark", CASE, 360, 740, "dark"),
    ("corrected-wide", f"/cases/{sample.HOUSING}/HUUR-2026-31", 1280, 900, "light"),
    ("notifications-phone", "/notifications", 360, 740, "light"),
    ("preferences", "/preferences", 768, 900, "light"),
]


def main(folder: str) -> None:
    """Start everything, fill it, take the pictures. Blocks."""
    with LocalStack() as stack, fresh_database(stack.dsn) as dsn:
        bus = Bus(stack.bootstrap_servers, f"t{secrets.token_hex(4)}")
        bus.create_topics()
        with running_service(stack, bus, dsn) as service, chromium() as browser:
            fill(service)
            for name, path, width, height, scheme in PICTURES:
                take(browser, service, Path(folder) / f"{name}.png", path, (width, height), scheme)


def take(
    browser: Browser,
    service: Service,
    file: Path,
    path: str,
    size: tuple[int, int],
    scheme: Literal["light", "dark"],
) -> None:
    """One picture of what is seen without scrolling."""
    file.parent.mkdir(parents=True, exist_ok=True)
    viewport = {"width": size[0], "height": size[1]}
    with browser.new_context(viewport=viewport, color_scheme=scheme, locale="nl-BE") as context:  # type: ignore[arg-type]  # a dict of just these
        page = context.new_page()
        log_in(page, service.url, "emma")
        page.goto(service.url + path)
        if not path.startswith(("/preferences", "/notifications")):
            page.wait_for_selector(".live[data-state=on]")
        page.screenshot(path=file)


if __name__ == "__main__":
    main(sys.argv[1])
