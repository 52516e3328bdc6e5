"""The mailbox page: what is in the directory, and nothing else."""

from __future__ import annotations

import asyncio
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from casebus_local.mailbox.application import Mailbox

MAIL = UUID(int=7)


def get(mails: Path, path: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(Mailbox(mails).application())
        async with httpx.AsyncClient(transport=transport, base_url="http://mailbox") as client:
            return await client.get(path)

    return asyncio.run(ask())


@pytest.fixture
def mails(tmp_path: Path) -> Path:
    message = EmailMessage()
    message["Subject"], message["To"] = "Nieuws <over> uw dossier", "burger@voorbeeld.be"
    message.set_content("Dag, er is nieuws.")
    message.add_alternative("<p>Dag, er is <b>nieuws</b>.</p>", subtype="html")
    directory = tmp_path / "mails"
    directory.mkdir()
    (directory / f"{MAIL}.eml").write_bytes(bytes(message))
    (tmp_path / f"{UUID(int=8)}.eml").write_text("not for everybody")
    return directory


def test_the_list_names_each_mail_and_escapes_what_it_says(mails: Path) -> None:
    page = get(mails, "/").text
    assert "1 mails" in page
    assert "Nieuws &lt;over&gt; uw dossier" in page
    assert f"/{MAIL}/html" in page


def test_a_mail_is_shown_as_html_that_can_run_nothing_and_as_text(mails: Path) -> None:
    shown = get(mails, f"/{MAIL}/html")
    assert "<b>nieuws</b>" in shown.text
    assert shown.headers["content-security-policy"].startswith("sandbox;")
    assert get(mails, f"/{MAIL}/text").text.strip() == "Dag, er is nieuws."


@pytest.mark.parametrize("path", [f"/..%2f{UUID(int=8)}/source", f"/{UUID(int=8)}/source", f"/{MAIL}/raw", "/x/html"])
def test_there_is_nothing_else_to_read(mails: Path, path: str) -> None:
    assert get(mails, path).status_code == 404
