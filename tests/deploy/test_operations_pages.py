"""The pages for operators: links lead somewhere, and the sizing table is what the overlays say."""

from __future__ import annotations

import re

import pytest
from tests.deploy.places import KUBERNETES, REPOSITORY, documents, name_of
from tests.docs.pages import DOCS, Page

from casebus_local.manifests import SIZES

PAGES = [Page.read(DOCS / "operations" / name) for name in ("deploy.md", "running.md")]
RUNNING = PAGES[1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Page) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.prose):
        if target.startswith("https://"):
            continue
        name, _, fragment = target.partition("#")
        path = (page.path.parent / name).resolve() if name else page.path
        assert path.exists(), target
        assert not fragment or fragment in Page.read(path).anchors, target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_are_named_exist(page: Page) -> None:
    named = re.findall(r"`((?:deploy|tests|docs)/[\w./-]+)`", page.text)
    assert [path for path in named if not (REPOSITORY / path).exists()] == []


def test_sizing_table_is_what_the_overlays_say() -> None:
    rows = {row[0]: row[2:] for row in RUNNING.table("Sizing")}
    assert rows.keys() == {size.name for size in SIZES}
    for size in SIZES:
        patches = {name_of(each): each for each in documents(KUBERNETES / "overlays" / size.name / "workloads.yaml")}
        workloads = ("StatefulSet/intake", "StatefulSet/overviews", "Deployment/profile", "Deployment/notifier")
        replicas = [patches[name]["spec"]["replicas"] for name in workloads]
        assert rows[size.name] == [str(number) for number in (size.partitions, size.brokers, *replicas)]


def test_parties_of_a_size_stand_in_its_overlay() -> None:
    for name, parties, *_ in RUNNING.table("Sizing"):
        assert f"Up to {parties} parties." in (KUBERNETES / "overlays" / name / "kustomization.yaml").read_text()


def test_tables_to_be_emptied_are_those_of_the_sinks() -> None:
    [tables] = re.findall(r"TRUNCATE ([a-z_, ]+)'", RUNNING.text)
    migrations = (REPOSITORY / "consumers" / "casebus_consumers").glob("*/migrations/*.sql")
    made = {name for path in migrations for name in re.findall(r"CREATE TABLE (\w+)", path.read_text())}
    assert set(tables.split(", ")) <= made
