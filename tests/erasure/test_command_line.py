"""What ``casebus erase`` asks for before anything begins."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from casebus_producers.cli import build_app
from casebus_schemas import insz_of

NUMBER = insz_of("850730306")


def arguments(directory: Path) -> list[str]:
    why = ["--reason", "asked by letter", "--ticket", "DPO-17"]
    return ["erase", "--yes", *why, "--receipt", str(directory / "receipt.json")]


@pytest.mark.parametrize(
    ("left_out", "said"), [("--reason", "--ticket"), ("--ticket", "--reason"), ("--receipt", "receipt")]
)
def test_without_a_reason_a_ticket_or_a_place_for_the_receipt_nothing_begins(
    tmp_path: Path, left_out: str, said: str
) -> None:
    given = arguments(tmp_path)
    place = given.index(left_out)
    ended = CliRunner().invoke(build_app(), [*given[:place], *given[place + 2 :]], input=NUMBER)
    assert (ended.exit_code, said in ended.output) == (2, True)


@pytest.mark.parametrize("more", [[NUMBER], ["--check"]])
def test_neither_a_number_on_the_command_line_nor_two_wishes_at_once_are_taken(tmp_path: Path, more: list[str]) -> None:
    ended = CliRunner().invoke(build_app(), [*arguments(tmp_path), *more], input=NUMBER)
    assert ended.exit_code == 2


@pytest.mark.parametrize("option", ["--reason", "--ticket"])
def test_a_reason_that_names_the_citizen_is_refused(tmp_path: Path, option: str) -> None:
    ended = CliRunner().invoke(build_app(), [*arguments(tmp_path), option, NUMBER])
    assert (ended.exit_code, NUMBER in ended.output) == (2, False)
