"""Every snippet does what its page says, run as a reader would: in order, against a real bus."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.bus import Bus
from tests.docs.pages import AGENCIES, DOCS, REPOSITORY, Page, Snippet, page, pages
from tests.docs.settings import is_setting
from tests.docs.shell import commands, without_figures

from casebus_local import LocalStack
from casebus_producers.mapping import event_of, read_mapping

LIMIT_SECONDS = 90
PYTHON_PAGES = [
    REPOSITORY / "README.md",
    DOCS / "publishing.md",
    *(AGENCIES / name for name in ("first-event.md", "errors.md", "testing.md")),
]
SHELL_PAGES = [*PYTHON_PAGES, DOCS / "operating.md"]

ALL_SH = [snippet for page in pages() for snippet in page.snippets("sh")]
ALL_COMMANDS = [command for snippet in ALL_SH for command in commands(snippet)]


def name_of(path: Path) -> str:
    return path.name


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory in which paths into the repository mean what they mean to a reader."""
    for name in ("schemas", "producers"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    return tmp_path


@pytest.fixture
def bus(stack: LocalStack, topic_prefix: str) -> Iterator[Bus]:
    """A bus for the agencies of the pages, with a worker."""
    made = Bus(stack, topic_prefix, partitions=12)
    made.make_topics(["OVO000001", "OVO000123"])
    with made.run_streams() as worker:
        yield made
        worker.check()


def run(arguments: list[str], place: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        arguments,
        cwd=place,
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )


def environment_of(stack: LocalStack, topic_prefix: str) -> dict[str, str]:
    return {**stack.environment, "CASEBUS_KAFKA__TOPIC_PREFIX": topic_prefix}


@pytest.mark.integration
@pytest.mark.parametrize("path", PYTHON_PAGES, ids=name_of)
def test_python_snippets_run_in_order(path: Path, bus: Bus, place: Path) -> None:
    """As one program, since later ones build on earlier ones; each says what it printed."""
    snippets = Page.read(path).snippets("python")
    program = "\n".join(f"print({mark(snippet)!r})\n{snippet.text}" for snippet in snippets)
    done = run([sys.executable, "-W", "error", "-c", program], place, environment_of(bus.stack, bus.topics.prefix))
    assert (done.returncode, done.stderr) == (0, "")
    for snippet in snippets:
        if snippet.output is not None:
            assert snippet.output in done.stdout.partition(mark(snippet))[2]


def mark(snippet: Snippet) -> str:
    return f"--- {snippet.place}"


@pytest.mark.integration
@pytest.mark.parametrize("path", SHELL_PAGES, ids=name_of)
def test_commands_end_and_print_as_shown(path: Path, stack: LocalStack, topic_prefix: str, place: Path) -> None:
    """Page by page, in order, on a broker that has the topics of the agency's pages and not yet the operator's."""
    if path.name != "operating.md":
        Bus(stack, topic_prefix, partitions=12).make_topics(["OVO000123"])
    for snippet in Page.read(path).snippets("sh"):
        printed = ""
        for command in commands(snippet):
            if command.is_run:
                done = run(["bash", "-c", command.text], place, environment_of(stack, topic_prefix))
                assert done.returncode == command.exit_code, (snippet.place, command.text, done.stdout, done.stderr)
                printed += done.stdout
        if snippet.output is not None:
            shown = printed.replace(topic_prefix, "case-status")
            assert without_figures(shown) == without_figures(snippet.output), snippet.place


@pytest.mark.parametrize("snippet", ALL_SH, ids=lambda snippet: snippet.place)
def test_shell_snippets_parse(snippet: Snippet) -> None:
    done = run(["bash", "-n", "-c", snippet.text], REPOSITORY, {})
    assert (done.returncode, done.stderr) == (0, "")


def test_commands_that_go_on_for_long_are_spelt_right(tmp_path: Path) -> None:
    """With ``--help`` at the end nothing is started, but an option that does not exist is still an error."""
    for command in (command for command in ALL_COMMANDS if command.program == "casebus" and command.is_serving):
        done = run([*command.words, "--help"], tmp_path, {})
        assert done.returncode == 0, (command.text, done.stderr)


def test_an_option_that_does_not_exist_is_found(tmp_path: Path) -> None:
    assert run(["casebus", "run", "streams", "--nothing", "--help"], tmp_path, {}).returncode == 2


def test_exported_variables_are_settings() -> None:
    names = [command.words[1].partition("=")[0] for command in ALL_COMMANDS if command.program == "export"]
    assert names
    assert [name for name in names if not is_setting(name)] == []


def test_make_targets_exist() -> None:
    targets = {word for command in ALL_COMMANDS if command.program == "make" for word in command.words[1:]}
    done = run(["make", "--dry-run", "--always-make", *sorted(targets)], REPOSITORY, {})
    assert (done.returncode, done.stderr) == (0, "")


def test_extras_exist() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {command.words[2] for command in ALL_COMMANDS if command.program == "pip"}
    offered = {"casebus"} | {f"casebus[{extra}]" for extra in project["optional-dependencies"]}
    assert wanted
    assert wanted <= offered


def test_the_mapping_maps_its_rows() -> None:
    publishing = page("publishing.md")
    [mapping], [rows] = publishing.snippets("toml"), publishing.snippets("csv")
    rules = read_mapping(mapping.text, agency="OVO000123")
    events = [event_of(row, rules, agency="OVO000123") for row in csv.DictReader(rows.text.splitlines())]
    assert [(event.sequence, event.data.case_id) for event in events] == [
        (1_793_607_300_000_000, "P-1"),
        (1_795_189_200_000_000, "P-1"),
    ]
