"""The command's frame: parts that come with extras, groups, help."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from casebus_producers.cli import add_part, build_app
from casebus_producers.cli_groups import group


def part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> EntryPoint:
    """A part whose module has this source."""
    name = f"part_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    return EntryPoint(name="part", value=f"{name}:register", group="casebus.commands")


def test_a_part_adds_its_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = build_app()
    add_part(app, part(tmp_path, monkeypatch, "def register(app): app.command('hello')(lambda: print('hello'))"))
    assert CliRunner().invoke(app, ["hello"]).output == "hello\n"


def test_a_part_without_its_extra_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_part(typer.Typer(), part(tmp_path, monkeypatch, "import a_package_nobody_has.sub"))


@pytest.mark.parametrize("source", ["import casebus_schemas.absent", "import email.absent", "1 / 0", "x = 1"])
def test_any_other_failure_to_load_shows(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises((ImportError, ZeroDivisionError, AttributeError)):
        add_part(typer.Typer(), part(tmp_path, monkeypatch, source))


def test_parts_share_a_group() -> None:
    app = typer.Typer()
    group(app, "run", "Run a service.").command("one")(lambda: typer.echo("one"))
    group(app, "run", "ignored").command("two")(lambda: typer.echo("two"))
    assert CliRunner().invoke(app, ["run", "two"]).output == "two\n"
    assert "Run a service." in CliRunner().invoke(app, ["run", "--help"]).output


def test_help_says_what_exit_codes_mean() -> None:
    output = CliRunner().invoke(build_app(), ["publish", "--help"]).output
    assert "3 events were not" in output
    assert "--mapping FILE" in output


HEAVY = {"pydantic", "confluent_kafka", "rich", "structlog", "psycopg", "joserfc", "cryptography", "httpx"}


@pytest.mark.parametrize(
    ("load", "heavy"),
    [
        ("import casebus_producers.commands.publish, casebus_producers.commands.validate", HEAVY | {"orjson"}),
        ("from casebus_producers.cli import build_app; build_app()", HEAVY),
    ],
    ids=["an agency's commands", "every part's commands"],
)
def test_libraries_are_loaded_when_a_command_runs_and_not_before(load: str, heavy: set[str]) -> None:
    program = f"{load}; import sys; sys.exit(', '.join(sorted({heavy!r} & set(sys.modules))) or 0)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
