"""``docs/operations/security.md`` says what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.docs.pages import DOCS, Page
from tests.docs.test_pages import dead_links
from tests.security.rights_table import rights_table

from casebus_local.secured import SecuredListeners
from casebus_streams.access.client_settings import ClientSettings
from casebus_streams.access.quotas import AGENCY_QUOTA

PAGE = Page.read(DOCS / "operations" / "security.md")


def test_the_table_of_rights_is_the_code_s() -> None:
    assert rights_table() in PAGE.text, "python -m tests.security.rights_table prints it"


def test_links_lead_somewhere() -> None:
    assert dead_links(PAGE) == []


@pytest.mark.parametrize("setting", ["authorizer.class.name", "allow.everyone.if.no.acl.found"])
def test_the_local_brokers_have_the_settings_of_the_page(setting: str) -> None:
    described = {row[0].strip("`"): row[1].strip("`") for row in PAGE.table("What the brokers need")}
    assert SecuredListeners(Path("security")).broker_properties(1, 2, 3)[setting] == described[setting]


def test_the_quota_of_the_page_is_the_code_s() -> None:
    mebibytes = [
        each // 1024**2 for each in (AGENCY_QUOTA.produce_bytes_per_second, AGENCY_QUOTA.consume_bytes_per_second)
    ]
    assert "send {} MiB and read {} MiB a second".format(*mebibytes) in PAGE.section("Quotas")


def test_the_files_of_the_page_are_those_that_are_written(tmp_path: Path) -> None:
    files = ClientSettings(tmp_path)
    named = PAGE.column("Add an agency in a minute")
    assert {files.settings_file.name, files.password_file.name} < set(named)
